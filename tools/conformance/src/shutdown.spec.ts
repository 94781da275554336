/** RFC 5321 3.8, 4.2.1: a server that goes down says 421 to who is idle, and lets what is under way end. */
import { settle, type TestClient, type TestServer } from '@mailverb/testing';
import { everything } from './assembly.js';

describe.each(['memory', 'tcp'] as const)('shutdown over %s', (transport) => {
  let server: TestServer;
  let stopping: Promise<void> | undefined;

  beforeEach(async () => {
    stopping = undefined;
    server = await everything({ transport });
  });
  afterEach(async () => {
    await server.stop();
    await stopping;
  });

  async function greeted(): Promise<TestClient> {
    const client = server.client();
    await client.reply();
    expect((await client.command('EHLO client.example.net')).code).toBe(250);
    return client;
  }

  async function stop(): Promise<void> {
    stopping = server.server.stop({ deadlineMs: 10_000 });
    await settle();
  }

  it('tells who is idle', async () => {
    const idle = [server.client(), await greeted()];
    await idle[0]?.reply();
    await stop();
    for (const client of idle) expect(await client.ended()).toEqual([expect.stringMatching(/^421 4\.3\.2 /)]);
  });

  it('lets a message end, and then says goodbye', async () => {
    const client = server.client();
    await client.untilData('sender@example.net', 'user@example.org');
    client.write('Subject: x\r\n');
    await settle();
    await stop();
    client.write('\r\nhello\r\n');
    expect((await client.command('.')).code).toBe(250);
    expect(await client.ended()).toEqual([expect.stringMatching(/^421 4\.3\.2 /)]);
    expect(server.messages).toHaveLength(1);
  });

  it('lets a transaction go on to its end', async () => {
    const client = await greeted();
    expect((await client.command('MAIL FROM:<sender@example.net>')).code).toBe(250);
    await stop();
    expect(await client.commands('RCPT TO:<user@example.org>', 'DATA', '.')).toEqual([250, 354, 250]);
    expect(await client.ended()).toEqual([expect.stringMatching(/^421 4\.3\.2 /)]);
  });

  it('does not wait longer than its deadline', async () => {
    const client = server.client();
    await client.untilData('sender@example.net', 'user@example.org');
    client.write('Subject: x\r\n');
    await settle();
    await stop();
    await server.clock.advance(9_000);
    expect(server.server.sessions).toBe(1);
    await server.clock.advance(1_000);
    expect(server.server.sessions).toBe(0);
    expect(server.messages).toEqual([]);
    await stopping;
  });

  it('stops once, however often it is asked', async () => {
    const both = [server.server.stop(), server.server.stop()];
    await Promise.all(both);
    expect(server.server.sessions).toBe(0);
    if (transport === 'memory') expect(() => server.connect()).toThrow('not running');
  });
});
