/** What goes wrong between us and the endpoint, stage by stage: never a 250 for what is not there, and nothing left open. */
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { BodyAborted, type HeldMessage } from '@mailverb/contract';
import { bodyOf, bodyOfHeld, heldBytes } from '@mailverb/body';
import { deliver, openDelivery, settle, testContext, testSession, within } from '@mailverb/testing';
import { Receiver, says, webhook, type Scene } from './webhook.fixture.js';
import type { WebhookOptionsInput } from './webhook.options.js';

const SMALL = Buffer.from('Subject: x\r\n\r\nhello\r\n');
/** More than all buffers on the way hold. */
const LARGE = Buffer.alloc(12_000_000, 'Subject: x\r\n');

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A server that does as it is told with each connection. */
async function peer(serve: (socket: Socket, count: number) => void) {
  const sockets = new Set<Socket>();
  let count = 0;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    count += 1;
    serve(socket, count);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, sockets, connections: () => count };
}

async function started(options: WebhookOptionsInput): Promise<Scene> {
  const scene = webhook(options);
  await scene.strategy.start();
  ends.push(async () => scene.strategy.stop());
  return scene;
}

async function receiver(answer = says(200)): Promise<Receiver> {
  const one = await new Receiver(answer).start();
  ends.push(() => one.stop());
  return one;
}

/** Delivers; gives the reply. */
async function replyTo({ strategy }: Scene, message: Uint8Array | HeldMessage = SMALL): Promise<string> {
  const held = message instanceof Uint8Array ? heldBytes(message) : message;
  const { outcomes } = await deliver(strategy, ['ann@example.org'], bodyOfHeld(held));
  return outcomes.map(({ reply }) => String(reply)).join('; ');
}

/** Nothing is open when it has stopped, and no alarm is set. */
async function expectNothingLeft({ strategy, clock }: Scene, sockets: ReadonlySet<Socket>): Promise<void> {
  await strategy.stop();
  await allClosed(sockets);
  expect(clock.pending).toBe(0);
}

function allClosed(sockets: ReadonlySet<Socket>): Promise<unknown> {
  // A peer that does not read does not hear of an end.
  for (const socket of sockets) socket.resume();
  const closed = [...sockets].map((socket) => new Promise((resolve) => socket.on('close', resolve)));
  return within(Promise.all(closed), () => new Error(`${sockets.size} connections are still open`));
}

/** Calls `then` when the peer has got so many octets. */
function after(socket: Socket, octets: number, then: () => void): void {
  let got = 0;
  socket.on('data', (chunk: Buffer) => {
    const before = got;
    got += chunk.length;
    if (before < octets && got >= octets) then();
  });
}

/** Calls `then` when a whole request with a small body has come. */
function afterRequest(socket: Socket, then: () => void): void {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
    if (end !== -1 && text.length >= end + 4 + length) {
      text = '';
      then();
    }
  });
}

const LATER = 'the message could not be delivered, try again later';

describe('an endpoint that says', () => {
  it.each([
    [200, '250 2.0.0 Ok: posted as test', undefined],
    [201, '250 2.0.0 Ok: posted as test', undefined],
    [204, '250 2.0.0 Ok: posted as test', undefined],
    [301, `451 4.3.5 ${LATER}`, 'error'],
    [302, `451 4.3.5 ${LATER}`, 'error'],
    [400, '554 5.6.0 the content of the message was refused', 'warn'],
    [401, `451 4.3.5 ${LATER}`, 'error'],
    [403, `451 4.3.5 ${LATER}`, 'error'],
    [404, `451 4.3.5 ${LATER}`, 'error'],
    [405, `451 4.3.5 ${LATER}`, 'error'],
    [406, '550 5.7.1 the message was refused', 'warn'],
    [408, `451 4.4.0 ${LATER}`, 'warn'],
    [409, `451 4.4.0 ${LATER}`, 'warn'],
    [410, '550 5.7.1 the message was refused', 'warn'],
    [411, `451 4.3.5 ${LATER}`, 'error'],
    [413, '552 5.3.4 the message is too big', 'warn'],
    [415, `451 4.3.5 ${LATER}`, 'error'],
    [422, '554 5.6.0 the content of the message was refused', 'warn'],
    [425, `451 4.4.0 ${LATER}`, 'warn'],
    [429, `451 4.4.5 ${LATER}`, 'warn'],
    [451, '550 5.7.1 the message was refused', 'warn'],
    [500, `451 4.4.0 ${LATER}`, 'warn'],
    [503, `451 4.4.5 ${LATER}`, 'warn'],
    [504, `451 4.4.0 ${LATER}`, 'warn'],
    [599, `451 4.4.0 ${LATER}`, 'warn'],
  ])('%d', async (status, expected, level) => {
    const one = await receiver(says(status));
    const scene = await started({ url: one.url });
    const said = await replyTo(scene);
    expect(said.startsWith(expected)).toBe(true);
    expect(one.posted).toHaveLength(1);
    expect(scene.log.map((line) => line.level)).toEqual(level === undefined ? [] : [level]);
    if (level !== undefined) {
      expect(scene.log[0]?.fields).toMatchObject({ why: `status ${status}`, url: one.url.replace(/\?.*/, '') });
      expect(JSON.stringify(scene.log)).not.toContain('t0ps3cret');
    }
    await expectNothingLeft(scene, one.sockets);
  });

  it('what the configuration knows better', async () => {
    const one = await receiver();
    const statuses = {
      200: 'defer',
      409: 'accept',
      404: 'reject',
      410: '450 4.2.1 on holiday',
      500: '550 5.1.1 no such user',
    };
    const scene = await started({ url: one.url, statuses });
    const said: string[] = [];
    for (const status of [200, 409, 404, 410, 500, 413]) {
      one.answer = says(status);
      said.push((await replyTo(scene)).slice(0, 9));
    }
    expect(said).toEqual(['451 4.4.0', '250 2.0.0', '550 5.7.1', '450 4.2.1', '550 5.1.1', '552 5.3.4']);
  });

  it('go elsewhere is not followed (attack A19)', async () => {
    const inside = await receiver();
    for (const status of [301, 302, 303, 307, 308]) {
      const one = await receiver((response) => void response.writeHead(status, { location: inside.url }).end());
      expect(await replyTo(await started({ url: one.url }))).toMatch(/^451 4\.3\.5/);
    }
    expect(inside.begun).toBe(0);
  });
});

describe('an endpoint that', () => {
  it('is not there', async () => {
    const one = await receiver();
    const { url } = one;
    await one.stop();
    const scene = await started({ url });
    expect(await replyTo(scene)).toBe(`451 4.4.1 ${LATER}`);
    expect(scene.log).toMatchObject([{ level: 'warn', fields: { why: 'ECONNREFUSED' } }]);
    await expectNothingLeft(scene, one.sockets);
    ends.pop();
    ends.shift();
  });

  it('speaks something else', async () => {
    const one = await peer((socket) => void socket.write('220 mx.example.org ESMTP\r\n'));
    const scene = await started({ url: one.url });
    expect(await replyTo(scene)).toBe(`451 4.4.2 ${LATER}`);
    expect(scene.log).toMatchObject([{ fields: { why: 'HTTPParserError' } }]);
    await expectNothingLeft(scene, one.sockets);
  });

  const resets: readonly [string, (socket: Socket) => void, string][] = [
    ['at once', (socket) => socket.resetAndDestroy(), '4.4.2'],
    ['after the first octets', (socket) => after(socket, 1, () => socket.resetAndDestroy()), '4.4.2'],
    ['within the body', (socket) => after(socket, 100_000, () => socket.resetAndDestroy()), '4.4.2'],
    ['close to the end', (socket) => after(socket, LARGE.length - 50_000, () => socket.resetAndDestroy()), '4.4.2'],
    ['when it has it all', (socket) => after(socket, LARGE.length + 300, () => socket.resetAndDestroy()), '4.4.2'],
    [
      'within the status',
      (socket) => after(socket, LARGE.length + 300, () => socket.write('HTTP/1.1 20', () => socket.resetAndDestroy())),
      '4.4.2',
    ],
    [
      'within the headers',
      (socket) =>
        after(socket, LARGE.length + 300, () =>
          socket.write('HTTP/1.1 200 OK\r\nconte', () => socket.resetAndDestroy()),
        ),
      '4.4.2',
    ],
    ['by closing it', (socket) => after(socket, 100_000, () => socket.destroy()), '4.4.2'],
    ['by half', (socket) => after(socket, 100_000, () => socket.end()), '4.4.2'],
  ];

  it.each(resets)('ends the connection %s', async (_what, serve, enhanced) => {
    const one = await peer(serve);
    const scene = await started({ url: one.url, form: 'raw' });
    expect(await replyTo(scene, LARGE)).toBe(`451 ${enhanced} ${LATER}`);
    expect(scene.log).toHaveLength(1);
    await expectNothingLeft(scene, one.sockets);
  });

  it('ends the connection behind its yes has said yes', async () => {
    const one = await peer((socket) =>
      afterRequest(socket, () =>
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nha', () => socket.destroy()),
      ),
    );
    const scene = await started({ url: one.url, form: 'raw' });
    expect(await replyTo(scene)).toMatch(/^250 /);
    await expectNothingLeft(scene, one.sockets);
  });

  it('says yes before it has the message has said nothing', async () => {
    for (const [text, body] of [
      ['HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', LARGE],
      ['HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n', LARGE],
    ] as const) {
      const one = await peer((socket) => after(socket, 1, () => socket.write(text)));
      const scene = await started({ url: one.url, form: 'raw' });
      expect(await replyTo(scene, body)).toBe(`451 4.4.2 ${LATER}`);
      expect(scene.log).toMatchObject([{ fields: { why: 'answered before it had the message' } }]);
      await expectNothingLeft(scene, one.sockets);
    }
  });

  it('says no before it has the message has said no', async () => {
    const text = 'HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n';
    const one = await peer((socket) => after(socket, 1, () => socket.write(text)));
    const scene = await started({ url: one.url, form: 'raw' });
    expect(await replyTo(scene, LARGE)).toMatch(/^552 5\.3\.4 /);
    await expectNothingLeft(scene, one.sockets);
  });

  it('stalls when it has the message', async () => {
    const one = await peer((socket) => void socket.resume());
    const scene = await started({ url: one.url, answerTimeout: '200ms' });
    expect(await replyTo(scene)).toBe(`451 4.4.1 ${LATER}`);
    expect(scene.log).toMatchObject([{ fields: { why: 'UND_ERR_HEADERS_TIMEOUT' } }]);
    await expectNothingLeft(scene, one.sockets);
  });

  const stalls: readonly [string, (socket: Socket, stalled: () => void) => void, Uint8Array][] = [
    ['at once', (_socket, stalled) => stalled(), SMALL],
    ['and does not read on', (socket, stalled) => after(socket, 100_000, () => (socket.pause(), stalled())), LARGE],
    ['within its answer', (socket, stalled) => afterRequest(socket, () => socket.write('HTTP/1.1 2', stalled)), SMALL],
  ];

  it.each(stalls)('stalls %s, until time is over', async (_what, serve, message) => {
    let stalled = (): void => undefined;
    const stalling = new Promise<void>((resolve) => (stalled = resolve));
    const one = await peer((socket) => serve(socket, stalled));
    const scene = await started({ url: one.url, form: 'raw', timeout: '90s' });
    const said = replyTo(scene, message);
    await stalling;
    await scene.clock.advance(89_999);
    expect(scene.log).toEqual([]);
    await scene.clock.advance(1);
    expect(await said).toBe(`451 4.4.1 ${LATER}`);
    expect(scene.log).toMatchObject([{ fields: { why: 'timeout' } }]);
    await expectNothingLeft(scene, one.sockets);
  });

  it('is slow is heard to its end', async () => {
    const one = await peer((socket) =>
      afterRequest(socket, () => {
        const octets = [...'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'];
        const next = (): void => {
          const octet = octets.shift();
          if (octet !== undefined) socket.write(octet, () => setImmediate(next));
        };
        next();
      }),
    );
    const scene = await started({ url: one.url });
    expect(await replyTo(scene)).toMatch(/^250 /);
    await expectNothingLeft(scene, one.sockets);
  });

  it('talks without end is not listened to', async () => {
    const one = await receiver((response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
      };
      response.on('drain', more);
      more();
    });
    const scene = await started({ url: one.url });
    expect(await replyTo(scene)).toMatch(/^250 /);
    await expectNothingLeft(scene, one.sockets);
  });
});

describe('connections', () => {
  it('are kept, and no more than may be', async () => {
    let open = 0;
    let most = 0;
    const one = await receiver((response) => {
      open += 1;
      most = Math.max(most, open);
      setImmediate(() => {
        open -= 1;
        response.end();
      });
    });
    const scene = await started({ url: one.url, connections: 2 });
    const said = await Promise.all(Array.from({ length: 20 }, () => replyTo(scene)));
    expect(said.every((reply) => reply.startsWith('250 '))).toBe(true);
    expect(most).toBeLessThanOrEqual(2);
    expect(one.sockets.size).toBe(2);
    await expectNothingLeft(scene, one.sockets);
  });

  it('are not kept where that is not wanted', async () => {
    const one = await receiver();
    const scene = await started({ url: one.url, keepAlive: 0 });
    await replyTo(scene);
    await one.untilNoConnection();
    expect(await replyTo(scene)).toMatch(/^250 /);
    expect(one.posted.map(({ headers }) => headers.connection)).toEqual(['close', 'close']);
  });

  it('that end before anything was sent are no harm: the request is sent once more, with the same key', async () => {
    const one = await receiver();
    const scene = await started({ url: one.url, form: 'raw' });
    expect(await replyTo(scene)).toMatch(/^250 /);
    // The connection is idle now, and ends when the next request has it and nothing to send yet.
    let opened = 0;
    const slow: HeldMessage = {
      size: SMALL.length,
      open: () => {
        opened += 1;
        return opened === 1 ? bodyOf(whenClosed(one)) : bodyOf([SMALL]);
      },
    };
    expect(await replyTo(scene, slow)).toMatch(/^250 /);
    expect(opened).toBe(2);
    expect(one.posted.map(({ body }) => body.toString())).toEqual([SMALL.toString(), SMALL.toString()]);
    await expectNothingLeft(scene, one.sockets);
  });

  it('that end when something was sent are not tried again', async () => {
    const one = await peer((socket, count) =>
      afterRequest(socket, () =>
        count === 1 && socket.bytesWritten === 0
          ? socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
          : socket.destroy(),
      ),
    );
    const scene = await started({ url: one.url });
    expect(await replyTo(scene)).toMatch(/^250 /);
    expect(await replyTo(scene)).toBe(`451 4.4.2 ${LATER}`);
    expect(one.connections()).toBe(1);
    await expectNothingLeft(scene, one.sockets);
  });

  it('and all else stops when the server gives up', async () => {
    const stalls: [string, Uint8Array, (socket: Socket, then: () => void) => void][] = [
      ['in the body', LARGE, (socket, then) => after(socket, 100_000, () => (socket.pause(), then()))],
      ['before the answer', SMALL, (socket, then) => afterRequest(socket, then)],
    ];
    for (const [, message, serve] of stalls) {
      const abort = new AbortController();
      const one = await peer((socket) => serve(socket, () => abort.abort(new BodyAborted('the client has gone'))));
      const scene = await started({ url: one.url, form: 'raw' });
      const { transaction } = await openDelivery(scene.strategy, ['ann@example.org'], {
        context: testContext(abort.signal),
      });
      await transaction.body(bodyOfHeld(heldBytes(message)));
      await expect(transaction.commit()).rejects.toThrow('the client has gone');
      await transaction.abort('the client has gone');
      await allClosed(one.sockets);
      expect(scene.clock.pending).toBe(0);
    }
  });

  it('are not opened before it has started, nor when it has stopped', async () => {
    const one = await receiver();
    const scene = webhook({ url: one.url });
    expect(await replyTo(scene)).toBe(`451 4.4.1 ${LATER}`);
    await scene.strategy.start();
    await scene.strategy.stop();
    expect(await replyTo(scene)).toBe(`451 4.4.1 ${LATER}`);
    expect(one.begun).toBe(0);
  });
});

it('a message that can not be read is no message, and not the fault of the endpoint', async () => {
  const one = await receiver();
  const scene = await started({ url: one.url, form: 'raw' });
  const broken: HeldMessage = { size: 1000, open: () => bodyOf(failing()) };
  await expect(replyTo(scene, broken)).rejects.toThrow('the file is gone');
  expect(one.posted).toEqual([]);
  await expectNothingLeft(scene, one.sockets);
});

it('a message that is not held is not taken', async () => {
  const one = await receiver();
  const scene = await started({ url: one.url });
  await expect(deliver(scene.strategy, ['ann@example.org'], bodyOf([SMALL]))).rejects.toThrow('not held');
});

it('with raw, takes so many recipients as have room in a header, and the others later', async () => {
  const one = await receiver();
  const scene = await started({ url: one.url, form: 'raw' });
  const to = Array.from({ length: 300 }, (_, i) => `recipient-number-${i}@example.org`);
  const { taken, refused } = await deliver(scene.strategy, to, SMALL, { session: testSession() });
  expect(taken.length).toBeGreaterThan(100);
  expect(taken.length + refused.size).toBe(300);
  expect([...refused.values()].every(({ code, enhanced }) => code === 452 && enhanced === '4.5.3')).toBe(true);
  const parsed = await started({ url: one.url });
  expect((await deliver(parsed.strategy, to, SMALL)).taken).toHaveLength(300);
});

async function* whenClosed(one: Receiver): AsyncGenerator<Uint8Array> {
  const closed = one.untilNoConnection();
  for (const socket of one.sockets) socket.destroy();
  await closed;
  // Our side has to notice it.
  await settle();
  await new Promise((resolve) => setImmediate(resolve));
  yield SMALL;
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('Subject: x\r\n');
  throw new Error('the file is gone');
}
