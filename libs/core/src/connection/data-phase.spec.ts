/** Mail data between the client and the delivery: held or not, changed or not, refused early or late. */
import {
  BodyAborted,
  defer,
  hangup,
  pass,
  reject,
  type Body,
  type MessageInput,
  type Transform,
  type Verdict,
} from '@mailverb/contract';
import { collect } from '@mailverb/body';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gate, settle } from '../fixtures/clock.fixture.js';
import { RecordingDelivery } from '../fixtures/delivery.fixture.js';
import { codeOf, type Peer } from '../fixtures/peer.fixture.js';
import { CountingSpool } from '../fixtures/spool.fixture.js';
import { Scene, type SceneOptions } from '../fixtures/scene.fixture.js';

async function inData(scene: Scene): Promise<Peer> {
  const peer = await scene.transaction('b@example.org');
  expect(await peer.codes('DATA')).toEqual([354]);
  return peer;
}

async function deliver(options: SceneOptions, message: string): Promise<[string | undefined, Scene]> {
  const scene = new Scene(options);
  const peer = await inData(scene);
  peer.stream.write(`${message}\r\n.\r\n`);
  const [answer] = await peer.hears();
  return [answer, scene];
}

const prepend = (text: string): Transform => ({ prepend: () => Buffer.from(text) });
const shout: Transform = {
  apply: async function* (body) {
    for await (const chunk of body) yield Buffer.from(Buffer.from(chunk).toString('latin1').toUpperCase());
  },
};

describe('DataPhase, straight through', () => {
  it('a message in one piece is delivered without a promise, if nobody makes one', async () => {
    const scene = new Scene();
    const peer = await inData(scene);
    const [connection] = scene.listener.connections;
    connection?.received(Buffer.from('hello\r\n.\r\n'));
    expect(scene.delivery.messages).toEqual(['hello\r\n']);
    expect(await peer.heard()).toEqual(['250 2.0.0 Ok: kept']);
  });

  it('bytes reach the delivery while the client still sends', async () => {
    const scene = new Scene();
    const seen: string[] = [];
    scene.delivery.steps = {
      body: async (body) => {
        for await (const chunk of body) seen.push(Buffer.from(chunk).toString());
      },
    };
    const peer = await inData(scene);
    await peer.send('one\r\n');
    expect(seen).toEqual(['one\r\n']);
    await peer.send('two\r\n');
    expect(seen).toEqual(['one\r\n', 'two\r\n']);
    expect(await peer.codes('.')).toEqual([250]);
  });

  it('transforms change it in their order, and the last one stands above', async () => {
    const scene = new Scene({ transforms: [prepend('one: 1\r\n'), shout, prepend('two: 2\r\n')] });
    const peer = await inData(scene);
    expect(await peer.codes('hello\r\n.')).toEqual([250]);
    expect(scene.delivery.messages).toEqual(['two: 2\r\nONE: 1\r\nHELLO\r\n']);
  });

  it('policies are asked when all has come, with its size, before anything is promised', async () => {
    const seen: MessageInput[] = [];
    const scene = new Scene({ policy: { message: (input) => (seen.push(input), reject()) } });
    const peer = await inData(scene);
    expect(await peer.codes('..hello\r\n.')).toEqual([550]);
    expect(seen).toMatchObject([{ size: 8, message: undefined, envelope: { recipients: [{}] } }]);
    expect(scene.delivery.log.slice(-2)).toEqual(['body', 'abort']);
  });

  it('a policy that says goodbye closes', async () => {
    const scene = new Scene({ policy: { message: () => settle(1).then(() => hangup()) } });
    const peer = await inData(scene);
    expect(await peer.codes('.')).toEqual([554]);
    expect(peer.ended).toBe(true);
  });
});

describe('DataPhase, refusing early', () => {
  it.each<[string, SceneOptions, string, string]>([
    [
      'too big',
      { limits: { messageSize: 100 } },
      `${'x'.repeat(98)}\r\n`.repeat(5),
      '552 5.3.4 message too big (limit messageSize)',
    ],
    [
      'too long a header',
      { limits: { headerBytes: 50 } },
      `a: ${'x'.repeat(60)}\r\n`,
      '552 5.3.4 header section too big (limit headerBytes)',
    ],
    [
      'too many header lines',
      { limits: { headerLines: 3 } },
      'a: b\r\n'.repeat(5),
      '552 5.3.4 too many header lines (limit headerLines)',
    ],
    [
      'a mail loop',
      { limits: { received: 2 } },
      'Received: x\r\n'.repeat(3),
      '554 5.4.6 mail loop: too many Received fields (limit received)',
    ],
    ['a bare LF', {}, 'a\nb\r\n', '550 5.6.0 message has a bare LF: lines end with CRLF'],
    ['a bare CR', {}, 'a\rb\r\n', '550 5.6.0 message has a bare CR: lines end with CRLF'],
  ])('%s: once, after the data, and the delivery is aborted', async (_, options, message, answer) => {
    for (const wait of [false, true]) {
      const scene = new Scene(options);
      const peer = await inData(scene);
      await peer.send('a: b\r\n');
      // A reader that is busy with what has come is not waited for.
      if (wait) scene.delivery.steps = { body: () => gate<void>().promise };
      expect(await peer.send(message)).toEqual([]);
      expect(await peer.send('.\r\n')).toEqual([answer]);
      expect(scene.delivery.count('abort')).toBe(1);
      expect(scene.delivery.messages).toEqual([]);
      expect(await peer.codes('NOOP')).toEqual([250]);
      expect(scene.eventsOf('faultCaught')).toEqual([]);
    }
  });

  it('tells the reader at once, and not when the data has ended', async () => {
    const scene = new Scene({ limits: { messageSize: 10 } });
    const failure = gate<unknown>();
    scene.delivery.steps = {
      body: async (_body, sound) => {
        try {
          await sound();
        } catch (error) {
          failure.open(error);
          throw error;
        }
      },
    };
    const peer = await inData(scene);
    await peer.send('123\r\n');
    await peer.send('123456789\r\n');
    expect(await failure.promise).toBeInstanceOf(BodyAborted);
  });

  it('a reader that is stuck does not keep the client from its refusal', async () => {
    const scene = new Scene({ limits: { messageSize: 1000 } });
    scene.delivery.steps = { body: async (body) => (await body.read(), gate<void>().promise) };
    const peer = await inData(scene);
    await peer.send('first\r\n');
    await peer.send(`${'x'.repeat(1000)}\r\n`);
    expect(await peer.send('.\r\n')).toEqual(['552 5.3.4 message too big (limit messageSize)']);
    expect(scene.delivery.log.at(-1)).toBe('abort');
    expect(scene.clock.pending).toBe(1);
  });

  it.each([
    ['too big', ''],
    ['faulty', 'a\nb'],
  ])('a message that is %s and has no end is given up', async (_, first) => {
    const scene = new Scene({ limits: { messageSize: 1000 } });
    const peer = await inData(scene);
    await peer.send(first);
    const block = Buffer.alloc(1024 * 1024, 'x');
    for (let i = 0; i < 12; i++) peer.stream.write(block);
    expect(await peer.hears()).toEqual(['421 4.3.4 message too big, giving up (limit messageSize)']);
    expect(scene.delivery.messages).toEqual([]);
  });

  it('a delivery that fails early stops the message early', async () => {
    const scene = new Scene();
    scene.delivery.steps = { body: async (body) => (await body.read(), fail(new Error('disk full'))) };
    const peer = await inData(scene);
    await peer.send('one\r\n');
    await peer.send('two\r\n'.repeat(10_000));
    const [connection] = scene.listener.connections;
    expect(connection?.conversation.data?.failure?.code).toBe(451);
    expect(await peer.codes('.')).toEqual([451]);
    expect(scene.eventsOf('faultCaught')).toHaveLength(1);
  });

  it('a delivery that returns before the end has not taken the message', async () => {
    for (const body of [() => undefined, () => Promise.resolve(), async (one: Body) => void (await one.read())]) {
      const scene = new Scene();
      scene.delivery.steps = { body };
      const peer = await inData(scene);
      await peer.send('one\r\n');
      expect(await peer.codes('two\r\n.')).toEqual([451]);
      expect(scene.delivery.log.at(-1)).toBe('abort');
    }
  });

  it('a delivery that does not come to an end is given up in time', async () => {
    const scene = new Scene({ timeouts: { delivery: '5m' } });
    scene.delivery.steps = { body: async (_body, sound) => (await sound(), gate<void>().promise) };
    const peer = await inData(scene);
    expect(await peer.send('hello\r\n.\r\n')).toEqual([]);
    await scene.clock.pass(300_000);
    expect(await peer.heard()).toEqual(['451 4.4.7 delivery took too long, try again later (timeouts.delivery)']);
    expect(scene.delivery.log.slice(-2)).toEqual(['body', 'abort']);
    expect(scene.delivery.signals[0]?.aborted).toBe(true);
  });
});

describe('DataPhase, holding', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mailverb-spec-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  const big = `a: b\r\n\r\n${`${'x'.repeat(98)}\r\n`.repeat(2000)}`;
  const HOLD: SceneOptions = { holds: true, spool: { memory: 1000, directory } };

  it.each([
    ['in memory', 'hello'],
    ['in a file', big],
  ])('a message %s: policies see all of it before the delivery sees any', async (_, message) => {
    const seen: string[] = [];
    const scene = new Scene({
      ...HOLD,
      policy: {
        wholeMessage: true,
        message: async ({ message: held }): Promise<Verdict> => {
          const bytes = held === undefined ? Buffer.from('nothing') : await collect(held.open());
          seen.push(Buffer.from(bytes).toString(), scene.delivery.log.join());
          return pass();
        },
      },
    });
    const peer = await inData(scene);
    peer.stream.write(`${message}\r\n.\r\n`);
    expect((await peer.hears()).map(codeOf)).toEqual([250]);
    expect(seen).toEqual([`${message}\r\n`, 'begin,recipient b@example.org']);
    expect(scene.delivery.messages).toEqual([`${message}\r\n`]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('and refusing it: the delivery sees nothing', async () => {
    const [answer, scene] = await deliver({ ...HOLD, policy: { message: () => defer() } }, big);
    expect(answer?.slice(0, 3)).toBe('451');
    expect(scene.delivery.log).toEqual(['begin', 'recipient b@example.org', 'abort']);
  });

  it('for a delivery that wants it whole: what it gets is held, also behind transforms', async () => {
    for (const transforms of [[], [prepend('one: 1\r\n')], [shout], [shout, prepend('one: 1\r\n')]]) {
      const delivery = new RecordingDelivery(true);
      let held: Uint8Array | undefined;
      delivery.steps = {
        body: async (body) => {
          held = await collect(body.held?.open() ?? fail(new Error('it is not held')));
        },
      };
      const [answer] = await deliver({ ...HOLD, delivery, transforms }, big);
      expect(answer).toBe('250 2.0.0 Ok: kept');
      const changed = transforms.includes(shout) ? `${big}\r\n`.toUpperCase() : `${big}\r\n`;
      const above = transforms.length === 0 || (transforms.length === 1 && transforms[0] === shout) ? '' : 'one: 1\r\n';
      expect(Buffer.from(held ?? '').toString() === above + changed).toBe(true);
    }
  });

  it('what cannot be held is deferred, and the client is told', async () => {
    const [answer, scene] = await deliver(
      { holds: true, spool: { memory: 1, directory: join(directory, 'not-there') } },
      big,
    );
    expect(answer).toBe('451 4.3.0 local error, try again later');
    expect(scene.delivery.messages).toEqual([]);
  });

  it('a client that goes away leaves nothing', async () => {
    const scene = new Scene(HOLD);
    const peer = await inData(scene);
    peer.stream.write(big);
    for (let i = 0; i < 20; i++) await settle();
    peer.stream.reset();
    await settle();
    // The file may be at its creation: it has a name until it is open.
    while (readdirSync(directory).length > 0) await settle(1);
    expect(scene.delivery.log).toEqual(['begin', 'recipient b@example.org', 'abort']);
    expect(scene.eventsOf('faultCaught')).toEqual([]);
  });

  it('lets go of everything, once, whenever the end comes', async () => {
    for (const end of ['well', 'while it is held', 'while it is held again', 'while it is delivered']) {
      const spool = new CountingSpool();
      const delivery = new RecordingDelivery(true);
      const scene = new Scene({ holds: true, spool, delivery, transforms: [shout] });
      const delivering = gate<void>();
      if (end === 'while it is delivered') delivery.steps = { body: () => delivering.promise };
      const peer = await inData(scene);
      const waits = { 'while it is held': 1, 'while it is held again': 2 }[end];
      spool.waitAt = waits ?? 0;
      peer.stream.write('hello\r\n.\r\n');
      if (end === 'well') await peer.hears();
      else await settle();
      peer.stream.reset();
      await settle();
      spool.waiting.open();
      delivering.open();
      await settle();
      expect({ end, held: spool.held, released: spool.released }).toEqual({
        end,
        held: waits ?? 2,
        released: waits ?? 2,
      });
      expect(scene.delivery.messages).toHaveLength(end === 'well' ? 1 : 0);
    }
  });

  it('is over with the transaction: what was held cannot be read any more', async () => {
    let kept: Body | undefined;
    const scene = new Scene({
      ...HOLD,
      policy: { wholeMessage: true, message: ({ message }) => ((kept = message?.open()), pass()) },
    });
    const peer = await inData(scene);
    peer.stream.write(`${big}\r\n.\r\n`);
    await peer.hears();
    await settle();
    await expect(Promise.resolve(kept?.read())).rejects.toThrow();
  });
});

describe('DataPhase, transforms that fail', () => {
  const boom = () => fail(new Error('boom'));
  it.each<[string, Transform]>([
    ['throws at prepend', { prepend: boom }],
    ['rejects at prepend', { prepend: () => Promise.reject(new Error('boom')) }],
    ['throws at apply', { apply: boom }],
    [
      'throws within',
      {
        apply: async function* (body) {
          yield* body;
          boom();
        },
      },
    ],
    [
      'gives a text',
      {
        apply: async function* () {
          yield 'text' as never;
        },
      },
    ],
    ['prepends a text', { prepend: () => 'text' as never }],
  ])('%s: the message is deferred, and nothing is delivered', async (_, transform) => {
    for (const holds of [false, true]) {
      const scene = new Scene({ transforms: [transform], holds });
      const peer = await inData(scene);
      await peer.send('one\r\n');
      peer.stream.write('two\r\n.\r\n');
      expect((await peer.hears()).map(codeOf)).toEqual([451]);
      expect(scene.delivery.messages).toEqual([]);
      expect(await peer.codes('NOOP')).toEqual([250]);
    }
  });

  it('one that ends before the message does has lost the rest of it', async () => {
    const early: Transform = {
      apply: async function* () {
        yield Buffer.from('x');
      },
    };
    const scene = new Scene({ transforms: [early] });
    const peer = await inData(scene);
    await peer.send('one\r\n');
    expect(await peer.codes('two\r\n.')).toEqual([451]);
    expect(scene.delivery.messages).toEqual([]);
  });

  it('one that overruns its time costs its message', async () => {
    const scene = new Scene({
      transforms: [{ prepend: () => gate<Uint8Array>().promise }],
      timeouts: { delivery: '1m' },
    });
    const peer = await inData(scene);
    await peer.send('hello\r\n.\r\n');
    await scene.clock.pass(60_000);
    expect((await peer.heard()).map(codeOf)).toEqual([451]);
    expect(scene.delivery.count('body')).toBe(0);
  });

  it('one that answers after the client has gone has nobody to answer to', async () => {
    const late = gate<Uint8Array>();
    const scene = new Scene({ transforms: [{ prepend: () => late.promise }] });
    const peer = await inData(scene);
    await peer.send('hello\r\n.\r\n');
    peer.stream.reset();
    await settle();
    late.open(Buffer.from('x: y\r\n'));
    await settle();
    expect(scene.delivery.log).toEqual(['begin', 'recipient b@example.org', 'abort']);
    expect(scene.eventsOf('faultCaught')).toEqual([]);
  });
});

describe('DataPhase, a policy that overruns its time', () => {
  it('does not stop the delivery of the message', async () => {
    const slow = gate<Verdict>();
    const scene = new Scene({
      timeouts: { policy: '1m' },
      policy: { rcpt: ({ mailbox }) => (mailbox.local === 'slow' ? slow.promise : pass()) },
    });
    const peer = await scene.transaction('b@example.org');
    await peer.send('RCPT TO:<slow@example.org>\r\n');
    await scene.clock.pass(60_000);
    expect((await peer.heard()).map(codeOf)).toEqual([451]);
    expect(scene.delivery.signals.map(({ aborted }) => aborted)).toEqual([false]);
    expect(await peer.codes('DATA', 'hello\r\n.')).toEqual([354, 250]);
  });
});

function fail(error: unknown): never {
  throw error;
}
