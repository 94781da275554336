/** Every rule of the ancestor: who may send what to whom, who waits and how long, what is written down. */
import { join } from 'node:path';
import { createServer } from '@mailverb/core';
import { TestClient, memoryPair } from '@mailverb/testing';
import { checkConfiguration } from './configuration.js';
import { greylistPlan } from './greylist-plan.js';
import { OTHER, Proxy, STRANGER, TIMES, endAll, folder, textOf, upstream } from './proxy.fixture.js';

afterEach(endAll);

const FOREIGN = 'carl@elsewhere.example';

describe('allowed senders and networks', () => {
  it('send to anybody and do not wait', async () => {
    const proxy = await Proxy.start({
      allowedSenders: [STRANGER],
      allowedSenderNetworks: ['203.0.113.0/28', '2001:db8::/32'],
    });
    const recipients = ['bob@example.org', FOREIGN];
    for (const from of [STRANGER, OTHER, '2001:db8:7::1'])
      expect(await proxy.codes({ from, recipients })).toBe('250 250');
    expect(proxy.peer.lines.filter((line) => line.startsWith('RCPT')).length).toBe(6);
  });

  it('are this machine alone if nothing is said', async () => {
    const proxy = await Proxy.start();
    expect(await proxy.codes({ from: '127.0.0.1', recipients: [FOREIGN] })).toBe('250');
    expect(await proxy.codes({ from: '::1', recipients: [FOREIGN] })).toBe('250');
    expect(await proxy.codes({ from: '127.0.0.2', recipients: [FOREIGN] })).toBe('550');
  });

  it('may be all that there are', async () => {
    const proxy = await Proxy.start({ allowedDomains: [] });
    expect(await proxy.codes({ from: '127.0.0.1', recipients: [FOREIGN] })).toBe('250');
    expect(await proxy.codes()).toBe('550');
  });
});

describe('allowed domains', () => {
  it('are all that others may send to; they are told at once, and no greylist hears of it', async () => {
    const proxy = await Proxy.start();
    expect(await proxy.asks({ recipients: [FOREIGN] })).toEqual(['550 5.7.1 relaying denied']);
    await proxy.passes(TIMES.wait);
    expect(await proxy.asks({ recipients: [FOREIGN] })).toEqual(['550 5.7.1 relaying denied']);
    expect(proxy.peer.lines).not.toContainEqual(expect.stringContaining('MAIL'));
  });

  it('are the same in any case, and have none below them unless it is said', async () => {
    const proxy = await Proxy.start({ allowedDomains: ['Example.ORG', '*.example.com'] });
    const recipients = ['bob@EXAMPLE.org', 'bob@mail.example.org', 'bob@example.com', 'bob@a.b.example.com'];
    expect(await proxy.codes({ recipients })).toBe('451 550 550 451');
  });

  it('are where mail for the postmaster of no domain goes', async () => {
    const proxy = await Proxy.start();
    expect(await proxy.codes({ recipients: ['Postmaster'] })).toBe('451');
    await proxy.passes(TIMES.wait);
    expect(await proxy.codes({ recipients: ['Postmaster'] })).toBe('250');
  });

  it('let no route through to another (attack A17)', async () => {
    const proxy = await Proxy.start({ times: { retryAfter: 0, passAfter: '1s' } });
    const recipients = [
      'carl%elsewhere.example@example.org',
      'elsewhere.example!carl@example.org',
      '"carl@elsewhere.example"@example.org',
    ];
    await proxy.codes({ recipients });
    await proxy.passes(1000);
    expect(await proxy.codes({ recipients })).toBe('550 550 550');
  });
});

describe('the greylist', () => {
  it('defers who is new in the words of today, and the mail server behind hears nothing of it', async () => {
    const proxy = await Proxy.start();
    expect(await proxy.asks({})).toEqual(['451 4.7.1 greylisted, try again later']);
    expect(proxy.peer.lines).not.toContainEqual(expect.stringContaining('MAIL'));
  });

  it('begins anew for who tries again sooner than 180 s', async () => {
    const proxy = await Proxy.start();
    await proxy.codes();
    await proxy.passes(TIMES.tooSoon - 1);
    expect(await proxy.codes()).toBe('451');
    await proxy.passes(TIMES.wait - 1);
    expect(await proxy.codes()).toBe('451');
    await proxy.passes(1);
    expect(await proxy.codes()).toBe('250');
  });

  it('lets through who comes again after 3600 s, whatever was tried from 180 s on', async () => {
    const proxy = await Proxy.start();
    await proxy.codes();
    await proxy.passes(TIMES.tooSoon);
    expect(await proxy.codes()).toBe('451');
    await proxy.passes(TIMES.wait - TIMES.tooSoon);
    expect(await proxy.codes()).toBe('250');
    expect(await proxy.codes()).toBe('250');
  });

  it('lets through who comes after 25,000 s, and takes who comes later for new', async () => {
    const proxy = await Proxy.start();
    await proxy.codes();
    await proxy.codes({ sender: 'late@example.net' });
    await proxy.passes(TIMES.late - 1);
    expect(await proxy.codes()).toBe('250');
    await proxy.passes(2);
    expect(await proxy.codes({ sender: 'late@example.net' })).toBe('451');
    await proxy.passes(TIMES.wait);
    expect(await proxy.codes({ sender: 'late@example.net' })).toBe('250');
  });

  it('knows who has waited for 3,000,000 s from the last time', async () => {
    const proxy = await Proxy.start();
    await proxy.codes();
    await proxy.passes(TIMES.wait);
    expect(await proxy.codes()).toBe('250');
    for (let i = 0; i < 3; i++) {
      await proxy.passes(TIMES.life - 1);
      expect(await proxy.codes()).toBe('250');
    }
    // Not every use is written: it may be an hour more.
    await proxy.passes(TIMES.life + 3_600_001);
    expect(await proxy.codes()).toBe('451');
  });

  it.each([
    ['another network', { from: OTHER }],
    ['another sender', { sender: 'eve@example.net' }],
    ['the null sender', { sender: '' }],
    ['another recipient', { recipients: ['carl@example.org'] }],
  ])('takes %s for new', async (_what, other) => {
    const proxy = await Proxy.start();
    await proxy.codes();
    await proxy.passes(TIMES.wait);
    expect(await proxy.codes(other)).toBe('451');
    expect(await proxy.codes()).toBe('250');
  });

  it('has the times that it is told', async () => {
    const proxy = await Proxy.start({
      times: { retryAfter: '2s', passAfter: '10s', retryWithin: '20s', passedFor: '30s' },
    });
    expect(await proxy.codes()).toBe('451');
    await proxy.passes(10_000);
    expect(await proxy.codes()).toBe('250');
  });
});

describe('white-listed triples', () => {
  const triple = { client: STRANGER, sender: 'ann@example.net', recipient: 'bob@example.org' };

  it('do not wait: client, sender and recipient together', async () => {
    const proxy = await Proxy.start({ whitelistedTriples: [triple] });
    expect(await proxy.codes()).toBe('250');
    expect(await proxy.codes({ from: '198.51.100.8' })).toBe('451');
    expect(await proxy.codes({ sender: 'eve@example.net' })).toBe('451');
    expect(await proxy.codes({ recipients: ['carl@example.org'] })).toBe('451');
  });

  it('let nobody send to a domain that is not allowed', async () => {
    const proxy = await Proxy.start({ whitelistedTriples: [{ ...triple, recipient: FOREIGN }] });
    expect(await proxy.codes({ recipients: [FOREIGN] })).toBe('550');
  });
});

describe('white-listed triples that are not standard', () => {
  const triple = { helo: 'lists.example.net', network: '198.51.100.0/25', recipient: 'bob@example.org' };

  it('do not wait: name and network of the client, and recipient together, whoever the sender is', async () => {
    const proxy = await Proxy.start({ whitelistedNonstandardTriples: [triple] });
    for (const sender of ['one@example.net', 'two@example.com', '']) {
      expect(await proxy.codes({ helo: 'Lists.example.net', sender })).toBe('250');
    }
    expect(await proxy.codes({ helo: 'lists.example.com' })).toBe('451');
    expect(await proxy.codes({ helo: 'lists.example.net', from: '198.51.100.200' })).toBe('451');
    expect(await proxy.codes({ helo: 'lists.example.net', recipients: ['carl@example.org'] })).toBe('451');
  });
});

describe('the server', () => {
  it('has its name', async () => {
    const proxy = await Proxy.start({ serverName: 'mail.example.com' });
    const client = proxy.server.client();
    expect(textOf(await client.reply())).toMatch(/^220 mail\.example\.com ESMTP /);
    expect(textOf(await client.command('HELO me.example.net'))).toMatch(/^250 mail\.example\.com/);
    expect(textOf(await client.command('QUIT'))).toContain('mail.example.com');
  });

  it.each([
    [{}, '220 mx.example.org ESMTP Mailverb'],
    [{ serverId: 'Kamaelia 1.0 (greylist)' }, '220 mx.example.org ESMTP Kamaelia 1.0 (greylist)'],
  ])('greets as %j wants', async (written, greeting) => {
    const path = folder();
    const plan = greylistPlan(
      checkConfiguration({
        serverName: 'mx.example.org',
        port: 0,
        upstream: { host: '127.0.0.1', port: 1 },
        allowedDomains: ['example.org'],
        log: join(path, 'greylist.log'),
        store: join(path, 'store'),
        ...written,
      }),
    );
    const shared = (plan.plugins ?? []).filter(({ plugin }) => plugin.name !== 'logging-pino');
    const server = await createServer({ ...plan, plugins: shared });
    await server.start();
    const [ours, theirs] = memoryPair();
    server.accept('greylist', theirs);
    const client = new TestClient(ours);
    expect(textOf(await client.reply())).toBe(greeting);
    await client.close();
    await server.stop({ deadlineMs: 0 });
  });

  it('says 421 to who says nothing for too long, and not to who waits for the mail server behind', async () => {
    const proxy = await Proxy.start({ inactivityTimeout: '60s' });
    const client = await proxy.client();
    await client.command('EHLO client.example.net');
    await proxy.passes(59_000);
    expect((await client.command('NOOP')).code).toBe(250);
    await proxy.passes(75_000);
    expect(await client.ended()).toEqual([expect.stringMatching(/^421 4\.4\.2 idle for too long/)]);
  });

  it('gives messages on as they are, under the trace field, to the mail server behind', async () => {
    const proxy = await Proxy.start();
    expect(await proxy.sends('Subject: hello\r\n\r\n..hello\r\n')).toMatch(/^250 /);
    const [message] = proxy.peer.messages;
    expect(message?.from.path).toBe('ann@example.net');
    expect(message?.to.map(({ path }) => path)).toEqual(['bob@example.org']);
    expect(message?.text).toMatch(
      /^Received: from client\.example\.net .*\r\n(?:\s.*\r\n)*Subject: hello\r\n\r\n\.hello\r\n$/,
    );
    expect(proxy.peer.violations).toEqual([]);
  });

  it('offers what the mail server behind can take', async () => {
    const offers = async (keywords: readonly string[]) => {
      const proxy = await Proxy.start({}, await upstream({ keywords }));
      const client = await proxy.client();
      return (await client.command('EHLO client.example.net')).lines.map((line) => line.split(' ')[0]);
    };
    expect(await offers(['8BITMIME', 'SMTPUTF8', 'DSN'])).toEqual(
      expect.arrayContaining(['8BITMIME', 'SMTPUTF8', 'DSN']),
    );
    const few = await offers(['PIPELINING']);
    for (const keyword of ['8BITMIME', 'SMTPUTF8', 'DSN']) expect(few).not.toContain(keyword);
  });

  it('writes a line for each session, and in the other file all that was said', async () => {
    const path = folder();
    const proxy = await Proxy.start({}, undefined, path);
    await proxy.codes();
    await proxy.sends('Subject: hello\r\n\r\nhello\r\n');
    await proxy.stop();
    const lines = proxy.lines('greylist.log');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /^\d{14}\.\d{3} \| client\.example\.net \| 198\.51\.100\.7 \| <ann@example\.net> \| <bob@example\.org> \| DEFERRED \|.*greylist: new/,
    );
    expect(lines[1]).toMatch(
      /^\d{14}\.\d{3} \| client\.example\.net \| 127\.0\.0\.1 \| <ann@example\.net> \| <bob@example\.org> \| DELIVERED \|/,
    );
    const said = proxy.lines('debug.log').join('\n');
    expect(said).toContain('C: MAIL FROM:<ann@example.net>');
    expect(said).toContain('S: 451 4.7.1 greylisted, try again later');
    expect(said).not.toContain('Subject');
  });

  it('writes no other file if it is not told to', async () => {
    const proxy = await Proxy.start({ debugLog: undefined });
    await proxy.codes();
    await proxy.stop();
    expect(() => proxy.lines('debug.log')).toThrow('ENOENT');
  });
});
