/** A connection: its greeting, its deadlines, its pace in both directions (attacks A13, A15). */
import { delivered, outcomes, pass, type SessionRecord, type Verdict } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { gate, settle } from '../fixtures/clock.fixture.js';
import { codeOf } from '../fixtures/peer.fixture.js';
import { Scene, type SceneOptions } from '../fixtures/scene.fixture.js';

const MINUTE = 60_000;

/** How each session ended, in order. */
function causes(scene: Scene): string[] {
  return scene.eventsOf('sessionClosed').map(([, record]) => (record as SessionRecord).cause);
}

/** Nothing is left of any session. */
async function expectNothingLeft(scene: Scene): Promise<void> {
  await scene.clock.pass(10_000);
  expect(scene.listener.connections.size).toBe(0);
  expect(scene.clock.pending).toBe(0);
}

describe('Connection, its greeting', () => {
  it('comes at once, or after its delay', async () => {
    expect(await new Scene().connect().heard()).toEqual(['220 mx.example.org']);
    const scene = new Scene({ timeouts: { greetDelay: '5s' } });
    const peer = scene.connect();
    await scene.clock.pass(4999);
    expect(await peer.heard()).toEqual([]);
    await scene.clock.pass(1);
    expect(await peer.heard()).toEqual(['220 mx.example.org']);
    expect(await peer.codes('EHLO client')).toEqual([250]);
  });

  it('is a refusal for who talks before it', async () => {
    const scene = new Scene({ timeouts: { greetDelay: '5s' } });
    const peer = scene.connect();
    expect(await peer.send('EHLO client\r\n')).toEqual([]);
    await scene.clock.pass(5000);
    expect(await peer.heard()).toEqual(['554 5.5.0 talked before the greeting (timeouts.greetDelay)']);
    expect(peer.ended).toBe(true);
    expect(causes(scene)).toEqual([]);
    peer.stream.end();
    await settle();
    expect(causes(scene)).toEqual(['limit']);
    await expectNothingLeft(scene);
  });

  it.each(['end', 'reset'] as const)('is not for who has gone before it (%s)', async (leave) => {
    const scene = new Scene({ timeouts: { greetDelay: '5s' } });
    const peer = scene.connect();
    await settle();
    peer.stream[leave]();
    await scene.clock.pass(5000);
    expect(scene.eventsOf('replySent')).toEqual([]);
    expect(causes(scene)).toEqual(['disconnect']);
    await expectNothingLeft(scene);
  });

  it('waits for the policies, and is theirs if they refuse', async () => {
    const verdict = gate<Verdict>();
    const scene = new Scene({ policy: { connect: () => verdict.promise } });
    const [refused, gone] = [scene.connect(), scene.connect()];
    expect(await refused.send('EHLO client\r\n')).toEqual([]);
    gone.stream.reset();
    await settle();
    verdict.open({ kind: 'reject', reply: reply(554, '5.7.1', 'not you'), reason: 'listed' });
    expect(await refused.heard()).toEqual(['554 5.7.1 not you']);
    expect(refused.ended).toBe(true);
    // Who has gone is not told, and nobody is told that he was.
    expect(scene.eventsOf('replySent')).toHaveLength(1);
    refused.stream.end();
    await settle();
    expect(causes(scene)).toEqual(['disconnect', 'policy']);
  });

  it('does not make EHLO in the same packet a crime', async () => {
    const scene = new Scene({ policy: { connect: () => settle(1).then(() => pass()) } });
    const peer = scene.connect();
    expect((await peer.send('EHLO client\r\n')).map(codeOf)).toEqual([220, 250]);
  });
});

describe('Connection, its deadlines', () => {
  const LINES = ['EHLO client', 'MAIL FROM:<a@example.net>', 'RCPT TO:<b@example.org>', 'DATA'];
  it.each([
    ['connected', 0, '7m'],
    ['greeted', 1, '6m'],
    ['mail', 2, '5m'],
    ['rcpt', 3, '4m'],
    ['data', 4, '3m'],
  ] as const)('in phase %s', async (phase, lines, limit) => {
    const scene = new Scene({ timeouts: { [phase]: limit }, limits: { minDataRate: 0 } });
    const peer = scene.connect();
    await peer.codes(...LINES.slice(0, lines));
    await peer.heard();
    const ms = Number.parseInt(limit, 10) * MINUTE;
    await scene.clock.pass(ms - 1000);
    expect(await peer.heard()).toEqual([]);
    await scene.clock.pass(2000);
    expect(await peer.heard()).toEqual([`421 4.4.2 idle for too long (timeouts.${phase})`]);
    expect(peer.ended).toBe(true);
    expect(scene.eventsOf('limitReached').map(([, name]) => name)).toEqual([`timeouts.${phase}`]);
    expect(scene.delivery.count('abort')).toBe(lines > 2 ? 1 : 0);
    peer.stream.end();
    await expectNothingLeft(scene);
    expect(causes(scene)).toEqual(['timeout']);
  });

  it('a step begins the time anew, and half a line is no step', async () => {
    const scene = new Scene({ timeouts: { greeted: '5m' } });
    const peer = scene.connect();
    await peer.codes('EHLO client');
    for (let i = 0; i < 3; i++) {
      await scene.clock.pass(4 * MINUTE);
      expect(await peer.codes('NOOP')).toEqual([250]);
    }
    for (const byte of 'NOO') {
      await peer.send(byte);
      await scene.clock.pass(2 * MINUTE);
    }
    expect((await peer.heard()).map(codeOf)).toEqual([421]);
  });

  it('between chunks the time for data counts', async () => {
    const scene = new Scene({ timeouts: { data: '3m' } });
    const peer = await scene.transaction('b@example.org');
    expect(await peer.send('BDAT 1\r\nx')).toEqual(['250 2.0.0 1 octets']);
    await scene.clock.pass(3 * MINUTE + 2000);
    expect(await peer.heard()).toEqual(['421 4.4.2 idle for too long (timeouts.data)']);
    expect(scene.delivery.log.at(-1)).toBe('abort');
  });

  it('the session has one, however busy it is', async () => {
    const scene = new Scene({ timeouts: { session: '1h' } });
    const peer = scene.connect();
    await peer.codes('EHLO client');
    for (let i = 0; i < 15; i++) {
      await scene.clock.pass(4 * MINUTE - 1);
      expect(await peer.codes('NOOP')).toEqual([250]);
    }
    await scene.clock.pass(2000);
    expect(await peer.heard()).toEqual(['421 4.4.2 session took too long (timeouts.session)']);
    expect(peer.ended).toBe(true);
  });

  it('while a plugin works it has the time, and the client gets all of his behind it', async () => {
    const slow = gate<Verdict>();
    const scene = new Scene({
      timeouts: { mail: '1m', policy: '20m' },
      policy: { mail: () => slow.promise },
    });
    const peer = scene.connect();
    await peer.codes('EHLO client', 'MAIL FROM:<>');
    await scene.clock.pass(10 * MINUTE);
    slow.open(pass());
    expect((await peer.heard()).map(codeOf)).toEqual([250]);
    await scene.clock.pass(MINUTE - 2000);
    expect(await peer.codes('RCPT TO:<b@example.org>')).toEqual([250]);
  });

  it('who was told goodbye and does not go is put out', async () => {
    const scene = new Scene({ timeouts: { close: '5s' } });
    const peer = scene.connect();
    expect(await peer.codes('QUIT')).toEqual([220, 221]);
    expect(await peer.send('MAIL FROM:<>\r\n'.repeat(1000))).toEqual([]);
    expect(scene.listener.connections.size).toBe(1);
    await scene.clock.pass(7000);
    expect(scene.listener.connections.size).toBe(0);
    expect(peer.stream.destroyed || peer.ended).toBe(true);
    expect(causes(scene)).toEqual(['quit']);
  });
});

describe('Connection, the pace of mail data', () => {
  const RATE: SceneOptions = { limits: { minDataRate: 64 }, timeouts: { dataRateGrace: '60s', data: '3m' } };

  it('has a minimum, once the grace is over', async () => {
    const scene = new Scene(RATE);
    const peer = await scene.transaction('b@example.org');
    await peer.codes('DATA');
    for (let i = 0; i < 6; i++) {
      expect(await peer.send('x'.repeat(63) + '\r\n')).toEqual([]);
      await scene.clock.pass(10_000);
    }
    await scene.clock.pass(2000);
    expect(await peer.heard()).toEqual(['421 4.4.2 mail data comes too slowly (limit minDataRate)']);
    expect(scene.delivery.log.slice(-2)).toEqual(['body', 'abort']);
    expect(scene.delivery.messages).toEqual([]);
  });

  it('is fast enough at the minimum, also of a message that is refused already', async () => {
    for (const first of ['', '\n']) {
      const scene = new Scene(RATE);
      const peer = await scene.transaction('b@example.org');
      await peer.codes('DATA');
      await peer.send(first);
      for (let i = 0; i < 12; i++) {
        expect(await peer.send(`${'x'.repeat(700)}\r\n`)).toEqual([]);
        await scene.clock.pass(10_000);
      }
      expect((await peer.send('\r\n.\r\n')).map(codeOf)).toEqual([first === '' ? 250 : 550]);
    }
  });

  it('is the client\u2019s only while it is the client\u2019s turn', async () => {
    const scene = new Scene({ ...RATE, timeouts: { ...RATE.timeouts, delivery: '10m' } });
    const slow = gate<void>();
    scene.delivery.steps = { body: (_body, sound) => slow.promise.then(sound) };
    const peer = await scene.transaction('b@example.org');
    await peer.codes('DATA');
    await peer.send('a little\r\n');
    await scene.clock.pass(4 * MINUTE);
    slow.open();
    await scene.clock.pass(10_000);
    expect(await peer.heard()).toEqual([]);
    expect(await peer.codes('.')).toEqual([250]);
  });

  it('is measured for each chunk', async () => {
    const scene = new Scene(RATE);
    const peer = await scene.transaction('b@example.org');
    await peer.send('BDAT 1\r\nx');
    await scene.clock.pass(2 * MINUTE);
    await peer.send('BDAT 10 LAST\r\n12345');
    await scene.clock.pass(30_000);
    expect((await peer.send('67890')).map(codeOf)).toEqual([250]);
    expect(scene.delivery.messages).toEqual(['x1234567890']);
  });

  it('that a delivery does not keep up with is the delivery\u2019s fault, in data and between chunks', async () => {
    for (const open of ['DATA\r\n', 'BDAT 3\r\nabc']) {
      const scene = new Scene({ timeouts: { delivery: '5m', data: '3m' } });
      scene.delivery.steps = { body: () => gate<void>().promise };
      const peer = await scene.transaction('b@example.org');
      await peer.send(open);
      await peer.send('abc\r\n');
      await scene.clock.pass(5 * MINUTE - 3000);
      expect(scene.listener.connections.size).toBe(1);
      await scene.clock.pass(6000);
      expect((await peer.heard()).at(-1)).toBe('451 4.4.7 delivery took too long, try again later (timeouts.delivery)');
      expect(scene.delivery.log.at(-1)).toBe('abort');
    }
  });
});

describe('Connection, backpressure', () => {
  it('a delivery that does not read stops the client, and one that reads on lets it go on', async () => {
    const scene = new Scene();
    const taking = gate<void>();
    scene.delivery.steps = { body: (_body, sound) => taking.promise.then(sound) };
    const peer = await scene.transaction('b@example.org');
    await peer.codes('DATA', '');
    const line = `${'x'.repeat(998)}\r\n`;
    for (let i = 0; i < 500; i++) peer.stream.write(line);
    peer.stream.write('.\r\n');
    await settle(50);
    // What is under way is what the buffers of both ends hold, and one piece in between.
    expect(peer.stream.writableLength).toBeGreaterThan(400_000);
    taking.open();
    await settle(200);
    expect((await peer.heard()).map(codeOf)).toEqual([250]);
    expect(scene.delivery.messages[0]).toHaveLength(2 + 500 * 1000);
  });

  it('a client that does not read is not talked to any more, and not listened to', async () => {
    const scene = new Scene({ limits: { commandsBeforeTransaction: 1_000_000 } });
    const peer = scene.connect();
    await peer.codes('EHLO client');
    peer.stream.pause();
    for (let i = 0; i < 2000; i++) peer.stream.write('NOOP\r\n'.repeat(100));
    await settle(100);
    const [connection] = scene.listener.connections;
    // A million commands would have made a megabyte of replies.
    expect(connection?.conversation.record(0).commands).toBeLessThan(20_000);
    expect(peer.stream.writableLength).toBeGreaterThan(1_000_000);
    peer.stream.resume();
    let replies = 0;
    for (let i = 0; i < 500 && replies < 200_000; i++) replies += (await peer.heard()).length;
    expect(replies).toBe(200_000);
  });

  it('a client that never reads is put out when its time is up', async () => {
    const scene = new Scene({ limits: { commandsBeforeTransaction: 1_000_000 }, timeouts: { greeted: '5m' } });
    const peer = scene.connect();
    await peer.codes('EHLO client');
    peer.stream.pause();
    for (let i = 0; i < 100; i++) peer.stream.write('NOOP\r\n'.repeat(100));
    await scene.clock.pass(5 * MINUTE + 2000);
    expect(scene.listener.connections.size).toBe(0);
    expect(causes(scene)).toEqual(['timeout']);
  });
});

describe('Connection, its record', () => {
  it('counts what was there', async () => {
    const scene = new Scene();
    const peer = scene.connect();
    const lines = ['EHLO client', 'XYZZY', 'MAIL FROM:<>', 'RCPT TO:<b@example.org>', 'DATA', 'hi\r\n.', 'QUIT'];
    await peer.codes(...lines);
    peer.stream.end();
    await settle();
    const octets = lines.reduce((sum, line) => sum + line.length + 2, 0);
    const [[, record] = []] = scene.eventsOf('sessionClosed');
    expect(record).toMatchObject({
      commands: 6,
      errors: 1,
      transactions: 1,
      delivered: 1,
      octetsIn: octets,
      cause: 'quit',
    });
  });

  it('does not count as delivered what the delivery refused for everybody', async () => {
    const scene = new Scene();
    const [no, yes] = [reply(550, '5.1.1', 'no'), delivered('x')];
    const peer = scene.connect();
    await peer.codes('EHLO client');
    for (const answer of [no, yes]) {
      scene.delivery.steps = {
        commit: (sound) =>
          outcomes(
            sound().map(({ recipient }) => recipient),
            answer,
          ),
      };
      await peer.codes('MAIL FROM:<>', 'RCPT TO:<b@example.org>', 'DATA', '.');
    }
    const [connection] = scene.listener.connections;
    expect(connection?.conversation.record(0)).toMatchObject({ transactions: 2, delivered: 1 });
  });
});
