/** Attack A13, CVE-2025-61600, smtp-server issue 262: what one client sends costs bounded memory, whatever it sends and however slowly it reads. */
import type { DeliveryTransaction } from '@mailverb/contract';
import { settle, type TestServer } from '@mailverb/testing';
import type { Duplex } from 'node:stream';
import { everything } from './assembly.js';
import { inline } from './broken.js';

const ENDLESS = { commandsBeforeTransaction: 10_000_000, errors: 10_000_000, unknownCommands: 10_000_000 };

/** Writes for as long as the server takes it; gives how many octets it took. */
async function writeAllItTakes(stream: Duplex, piece: Buffer, most: number): Promise<number> {
  let written = 0;
  while (written < most && stream.writable) {
    const goOn = stream.write(piece);
    written += piece.length;
    if (!goOn) {
      // What a server that goes on needs: the event loop. One that waits for us stays as it is.
      await settle(20);
      if (stream.writableNeedDrain) break;
    }
  }
  return written - stream.writableLength;
}

async function expectService(server: TestServer): Promise<void> {
  const client = server.client();
  await client.untilData('sender@example.net', 'user@example.org');
  expect(server.server.sessions).toBe(2);
}

describe('A13', () => {
  it.each([
    ['NOOP\r\n', 'replies'],
    ['XYZZY\r\n', 'errors'],
    ['HELP\r\n', 'long replies'],
    ['EHLO c\r\nRSET\r\n', 'a group that may not be pipelined'],
  ])('a client that sends %j and never reads is not read any further', async (line) => {
    const server = await everything({ limits: { ...ENDLESS, pipelining: 'lenient' } });
    const stream = server.connect();
    await settle();
    const taken = await writeAllItTakes(stream, Buffer.from(line.repeat(2000)), 50_000_000);
    expect(taken).toBeLessThan(1_000_000);
    const commands = server.eventsOf('commandReceived').length;
    await settle(50);
    expect(server.eventsOf('commandReceived')).toHaveLength(commands);
    await expectService(server);
    await server.stop();
  });

  it('such a client that reads again gets every reply', async () => {
    const server = await everything({ limits: ENDLESS });
    const stream = server.connect();
    await settle();
    const lines = 100_000;
    stream.write('NOOP\r\n'.repeat(lines));
    await settle(20);
    expect(server.eventsOf('commandReceived').length).toBeLessThan(lines);
    let octets = 0;
    let last = '';
    stream.on('data', (chunk: Buffer) => {
      octets += chunk.length;
      last = chunk.subarray(-14).toString('latin1');
    });
    stream.end('QUIT\r\n');
    await new Promise((resolve) => stream.once('end', resolve));
    const greeting = '220 mx.example.org ESMTP Mailverb\r\n'.length;
    const goodbye = '221 2.0.0 mx.example.org closing connection\r\n'.length;
    expect(octets).toBe(greeting + lines * '250 2.0.0 Ok\r\n'.length + goodbye);
    expect(last).toBe('g connection\r\n');
    await server.stop();
  });

  it('such a client is let go when its time is up', async () => {
    const server = await everything({ limits: ENDLESS });
    const stream = server.connect();
    await settle();
    await writeAllItTakes(stream, Buffer.from('NOOP\r\n'.repeat(2000)), 50_000_000);
    await server.clock.advance(310_000);
    expect(server.server.sessions).toBe(0);
    expect(stream.destroyed || stream.readableEnded || !stream.writable).toBe(true);
    await server.stop();
  });

  it('mail data is read no faster than the delivery takes it', async () => {
    let goOn: (() => void) | undefined;
    const slow: DeliveryTransaction = {
      recipient: () => undefined,
      body: async (body) => {
        await new Promise<void>((resolve) => (goOn = resolve));
        for await (const _ of body);
      },
      commit: () => [],
      abort: () => undefined,
    };
    const delivery = inline('delivery-slow', (contribute) =>
      contribute.delivery('slow', { durability: 'none', begin: () => slow }),
    );
    const server = await everything({ delivery });
    const client = server.client();
    await client.untilData('sender@example.net', 'user@example.org');
    const taken = await writeAllItTakes(client.stream, Buffer.from(`${'x'.repeat(998)}\r\n`.repeat(64)), 40_000_000);
    expect(taken).toBeLessThan(1_000_000);
    goOn?.();
    await settle(20);
    const more = await writeAllItTakes(client.stream, Buffer.from(`${'x'.repeat(998)}\r\n`.repeat(64)), 5_000_000);
    expect(more).toBeGreaterThan(4_900_000);
    await server.stop();
  });

  it('an endless line ends the session, however much of it comes', async () => {
    const server = await everything();
    const stream = server.connect();
    stream.resume();
    await settle();
    const memory = process.memoryUsage().arrayBuffers;
    const taken = await writeAllItTakes(stream, Buffer.alloc(64 * 1024, 'x'), 100_000_000);
    // Read and dropped, so that our last words are not lost, until the time for closing is up.
    expect(taken).toBeGreaterThan(0);
    expect(process.memoryUsage().arrayBuffers - memory).toBeLessThan(50_000_000);
    await server.clock.advance(10_000);
    expect(server.server.sessions).toBe(0);
    await server.stop();
  });

  it('connections are counted, all of them and from one address', async () => {
    const server = await everything({ limits: { connections: 3, connectionsPerAddress: 2 } });
    const greeting = async (remoteAddress: string) => {
      const client = server.client({ remoteAddress });
      return { client, reply: await client.reply() };
    };
    const first = await greeting('192.0.2.1');
    expect((await greeting('192.0.2.1')).reply.code).toBe(220);
    const third = await greeting('192.0.2.1');
    expect(third.reply).toMatchObject({ code: 421, lines: [expect.stringContaining('connectionsPerAddress')] });
    expect(await third.client.ended()).toEqual([]);
    expect((await greeting('192.0.2.2')).reply.code).toBe(220);
    const full = await greeting('192.0.2.3');
    expect(full.reply).toMatchObject({ code: 421, lines: [expect.stringContaining('connections')] });
    await first.client.close();
    await settle();
    expect((await greeting('192.0.2.3')).reply.code).toBe(220);
    await server.stop();
  });
});
