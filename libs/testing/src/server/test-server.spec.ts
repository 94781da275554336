import { definePlugin, use, type Policy } from '@mailverb/contract';
import { acceptEverybody, plainVerbs } from './plain-verbs.js';
import { testServer, type TestServer, type TestServerOptions } from './test-server.js';

const plain = (options: TestServerOptions = {}) =>
  testServer({ plugins: [plainVerbs(), acceptEverybody()], ...options });

describe('testServer', () => {
  let server: TestServer;
  afterEach(() => server.stop());

  it.each(['memory', 'tcp'] as const)('takes a message over %s and hands it to next()', async (transport) => {
    server = await plain({ transport });
    const client = server.client();
    await client.untilData('sender@example.net', 'one@example.org', 'two@example.org');
    client.write('Subject: hi\r\n\r\n..x \xff\r\n');
    const coming = server.next();
    expect(await client.command('.')).toMatchObject({ code: 250 });
    const message = await coming;
    expect(message).toMatchObject({
      from: 'sender@example.net',
      to: ['one@example.org', 'two@example.org'],
      text: 'Subject: hi\r\n\r\n.x ÿ\r\n',
      session: { heloName: 'client.example.net', remoteAddress: transport === 'tcp' ? '127.0.0.1' : '192.0.2.1' },
    });
    expect(message.bytes).toEqual(Buffer.from(message.text));
    expect(message.envelope.id).toBe(message.id);
    expect(await client.command('QUIT')).toEqual({ code: 221, lines: ['bye'] });
    expect(await client.ended()).toEqual([]);
  });

  it('gives messages in order, to each call another', async () => {
    server = await plain();
    const client = server.client();
    await client.untilData('a@example.net', 'user@example.org');
    client.send('.');
    expect((await client.reply()).code).toBe(250);
    expect(await client.commands('MAIL FROM:<>', 'RCPT TO:<user@example.org>', 'DATA', '.')).toEqual([
      250, 250, 354, 250,
    ]);
    expect((await server.next()).from).toBe('a@example.net');
    expect((await server.next()).from).toBe('');
    expect(server.messages).toHaveLength(2);
  });

  it('tells who waits for a message that the server has stopped', async () => {
    server = await plain();
    const failed = expect(server.next()).rejects.toThrow('the server has stopped');
    await server.stop();
    await failed;
    await expect(server.next()).rejects.toThrow('the server has stopped');
  });

  it('records what observers see and what is logged', async () => {
    const failing: Policy = {
      mail: () => {
        throw new Error('on purpose');
      },
    };
    const plugin = definePlugin({
      name: 'policy-failing',
      register: (contribute) => contribute.policy('failing', failing),
    });
    server = await plain({ plugins: [plainVerbs(), use(plugin)] });
    const client = server.client();
    await client.reply();
    expect(await client.commands('EHLO c', 'MAIL FROM:<a@example.net>')).toEqual([250, 451]);
    expect(server.eventsOf('commandReceived').map(({ args }) => args[1])).toEqual([
      'EHLO c',
      'MAIL FROM:<a@example.net>',
    ]);
    expect(server.eventsOf('faultCaught')[0]?.args[2]).toMatchObject({ message: 'on purpose' });
    expect(server.log.filter((line) => line.level === 'error')).toHaveLength(1);
  });

  it('owns the time', async () => {
    server = await plain({ timeouts: { greetDelay: '10s' } });
    const client = server.client();
    await server.clock.advance(9_999);
    expect(server.eventsOf('replySent')).toEqual([]);
    await server.clock.advance(1);
    expect((await client.reply()).code).toBe(220);
  });

  it('lets clients come from anywhere', async () => {
    server = await plain({ endpoint: { remoteAddress: '198.51.100.1' } });
    server.client();
    server.client({ remoteAddress: '2001:db8::1' });
    expect(server.eventsOf('sessionOpened').map(({ args }) => args[0].remoteAddress)).toEqual([
      '198.51.100.1',
      '2001:db8::1',
    ]);
  });

  it('stops with clients connected and transactions open', async () => {
    server = await plain();
    await server.client().untilData('a@example.net', 'user@example.org');
    server.client();
    await server.stop();
    expect(server.server.sessions).toBe(0);
    expect(server.messages).toEqual([]);
  });

  it('greets with no plugin at all', async () => {
    server = await testServer({ hostname: 'bare.example.org' });
    const client = server.client();
    expect(await client.reply()).toEqual({ code: 220, lines: ['bare.example.org ESMTP Mailverb'] });
    expect(await client.commands('EHLO c', 'XYZZY')).toEqual([502, 500]);
  });
});
