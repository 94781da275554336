/** The defects of the ancestor, K1 to K12: each is a test that it would not have passed. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { definePlugin, use, type Store } from '@mailverb/contract';
import { settle } from '@mailverb/testing';
import { checkConfiguration, configurationSchema } from './configuration.js';
import { greylistPlan } from './greylist-plan.js';
import { OTHER, Proxy, STRANGER, TIMES, endAll, folder, textOf, upstream } from './proxy.fixture.js';

afterEach(endAll);

const HERE = '127.0.0.1';

describe('K1: a line is no packet', () => {
  const dialogue = [
    'EHLO client.example.net\r\n',
    'MAIL FROM:<ann@example.net>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n',
    'Subject: hello\r\n\r\nhello\r\n.\r\nQUIT\r\n',
  ];

  it.each<[string, (text: string) => readonly string[]]>([
    ['one octet at a time', (text) => [...text]],
    ['three octets at a time', (text) => text.match(/[^]{1,3}/g) ?? []],
    ['whole groups at once', (text) => [text]],
  ])('%s', async (_how, cut) => {
    const proxy = await Proxy.start();
    const client = await proxy.client(HERE);
    const codes: number[] = [];
    for (const [i, group] of dialogue.entries()) {
      for (const piece of cut(group)) {
        client.write(piece);
        if (piece.length < 4) await settle(1);
      }
      for (let replies = [1, 3, 2][i] ?? 0; replies > 0; replies--) codes.push((await client.reply()).code);
    }
    expect(codes).toEqual([250, 250, 250, 354, 250, 221]);
    expect(proxy.peer.messages.map(({ text }) => text.endsWith('\r\n\r\nhello\r\n'))).toEqual([true]);
  });
});

describe('K2: mail data ends at CRLF . CRLF', () => {
  it.each(['\n.\r\n', '\n.\n', '\r.\r\n', '\r\n.\n'])(
    'and not at %j: nothing is smuggled to the mail server behind',
    async (ending) => {
      const proxy = await Proxy.start();
      const smuggled = `MAIL FROM:<smuggled@example.net>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\nsmuggled\r\n`;
      expect(await proxy.sends(`Subject: x\r\n\r\nhello${ending}${smuggled}`)).toMatch(/^550 5\.6\.0/);
      expect(proxy.peer.messages).toEqual([]);
      expect(proxy.peer.lines).not.toContainEqual(expect.stringContaining('smuggled'));
    },
  );
});

describe("K3: a 250 is the mail server's behind", () => {
  it.each([
    ['552 5.2.2 mailbox full', /^552 5\.2\.2 mailbox full$/],
    ['452 4.2.2 later', /^452 4\.2\.2 later$/],
    ['250 2.0.0 queued as 7', /^250 2\.0\.0 queued as 7$/],
  ])('after the message: %s', async (final, expected) => {
    const proxy = await Proxy.start({}, await upstream({ replies: { final } }));
    expect(await proxy.sends('Subject: x\r\n\r\nhello\r\n')).toMatch(expected);
  });

  it.each(['close', 'reset'] as const)(
    'and where it is gone before it has said so (%s), nothing is taken',
    async (what) => {
      const proxy = await Proxy.start({}, await upstream({ fault: { at: 'final', what } }));
      expect(await proxy.sends('Subject: x\r\n\r\nhello\r\n')).toMatch(/^451 4\./);
    },
  );

  it('and where there is none, the recipient is deferred', async () => {
    const peer = await upstream();
    const proxy = await Proxy.start({}, peer);
    await peer.close();
    const [heard] = await proxy.asks({ from: HERE });
    expect(heard).toMatch(/^451 4\.4\.\d /);
    // Nor does it say where it is.
    expect(heard).not.toMatch(/127|ECONN|localhost/);
  });
});

describe('K4: replies are read and not counted', () => {
  it.each([
    ['mail', '550 5.7.1 no', ['550 5.7.1 no']],
    ['mail', '451 4.3.0 later', ['451 4.3.0 later']],
    ['rcpt', ['550-5.1.1 nobody', '550 5.1.1 here'], ['550 5.1.1 nobody here']],
  ] as const)('%s: %p', async (step, answer, expected) => {
    const proxy = await Proxy.start({}, await upstream({ replies: { [step]: answer } }));
    const [heard = ''] = await proxy.asks({ from: HERE });
    expect([heard.replace('nobody 5.1.1 here', 'nobody here')]).toEqual(expected);
  });

  it('also where each has many lines, and comes an octet at a time', async () => {
    const greeting = ['220-mail.example.org', '220-takes its time', '220 ESMTP'];
    const peer = await upstream({ replies: { greeting }, fault: { at: 'hello', what: 'bytewise' } });
    const proxy = await Proxy.start({}, peer);
    expect(await proxy.sends('Subject: x\r\n\r\nhello\r\n')).toMatch(/^250 /);
    expect(peer.messages).toHaveLength(1);
  });
});

describe('K5: an error defers', () => {
  const failing = (): never => {
    throw new Error('the disk is full');
  };
  const down: Store = { get: failing, set: failing, update: failing, delete: failing };
  const store = use(definePlugin({ name: 'store-down', register: (contribute) => contribute.store(down) }));

  it('in the store of the greylist, without a word of why', async () => {
    const proxy = await Proxy.start({}, undefined, undefined, { store });
    expect(await proxy.asks({})).toEqual(['451 4.3.0 local error, try again later']);
    await proxy.passes(TIMES.wait);
    expect(await proxy.codes()).toBe('451');
    expect(proxy.peer.lines).not.toContainEqual(expect.stringContaining('MAIL'));
    // Who need not be looked up does not wait for it.
    expect(await proxy.codes({ from: HERE })).toBe('250');
  });
});

describe('K6: every key is used, and every other one is an error', () => {
  const least = { serverName: 'a.example', upstream: { host: 'b.example' }, allowedDomains: ['c.example'] };
  const other: Readonly<Record<string, unknown>> = {
    serverName: 'other.example',
    serverId: 'Kamaelia',
    host: '::',
    port: 26,
    upstream: { host: 'b.example', port: 26 },
    allowedSenders: ['192.0.2.1'],
    allowedSenderNetworks: ['192.0.2.0/24'],
    allowedDomains: ['other.example'],
    whitelistedTriples: [{ client: '192.0.2.1', sender: '<>', recipient: 'c.example' }],
    whitelistedNonstandardTriples: [{ helo: 'd.example', network: '192.0.2.0/24', recipient: 'c.example' }],
    times: { passAfter: '2h' },
    inactivityTimeout: '7s',
    log: './other.log',
    debugLog: './other-debug.log',
    store: './other',
  };
  const planOf = (written: object): string =>
    inspect(greylistPlan(checkConfiguration({ ...least, ...written })), { depth: 20, maxArrayLength: 1000 });

  it.each(Object.keys(configurationSchema.shape))('%s makes another server', (key) => {
    expect(Object.keys(other)).toContain(key);
    expect(planOf({ [key]: other[key] })).not.toBe(planOf({}));
  });

  it("the ancestor's own keys are told by the name that they have here", () => {
    const keys = [
      'allowed_domains',
      'allowed_senders',
      'inactivity_timeout',
      'serverid',
      'servername',
      'whitelisted_triples',
    ];
    for (const key of keys) {
      const wanted = key.replaceAll('_', '').replace('servername', 'serverName');
      const expected = `${key}: unknown key; .*did you mean "${wanted}"\\?`;
      expect(() => checkConfiguration({ ...least, [key]: [] })).toThrow(new RegExp(expected, 'i'));
    }
  });
});

describe('K7: each recipient is judged alone', () => {
  const triple = { client: STRANGER, sender: 'ann@example.net', recipient: 'listed@example.org' };

  it('one that is listed lets no other in, in whatever order they come', async () => {
    const proxy = await Proxy.start({ whitelistedTriples: [triple] });
    const recipients = ['bob@example.org', 'listed@example.org', 'carl@example.org', 'listed@elsewhere.example'];
    expect(await proxy.codes({ recipients })).toBe('451 250 451 550');
    expect(await proxy.codes({ recipients: recipients.toReversed() })).toBe('550 451 250 451');
  });

  it('and gets the message, which the others do not', async () => {
    const proxy = await Proxy.start({ whitelistedTriples: [triple] });
    const recipients = ['bob@example.org', 'listed@example.org'];
    expect(await proxy.sends('Subject: x\r\n\r\nhello\r\n', { from: STRANGER, recipients })).toMatch(/^250 /);
    expect(proxy.peer.messages.map(({ to }) => to.map(({ path }) => path))).toEqual([['listed@example.org']]);
  });
});

describe('K8: networks are bits', () => {
  it('10.0.0.0/8 is not 100.1.2.3, nor is 192.0.2.1 192.0.2.10', async () => {
    const proxy = await Proxy.start({
      allowedSenders: ['192.0.2.1'],
      allowedSenderNetworks: ['10.0.0.0/8', '192.0.2.128/25'],
    });
    const to = (from: string) => proxy.codes({ from, recipients: ['carl@elsewhere.example'] });
    for (const from of ['10.1.2.3', '192.0.2.1', '192.0.2.200']) expect(await to(from)).toBe('250');
    for (const from of ['100.1.2.3', '192.0.2.10', '192.0.2.100']) expect(await to(from)).toBe('550');
  });

  it.each(['10', '10.', '192.168.2', '192.168.2.', '10.0.0.0/33'])('%p is none', (network) => {
    const written = { serverName: 'a.example', upstream: { host: 'b' }, allowedSenderNetworks: [network] };
    expect(() => checkConfiguration(written)).toThrow('allowedSenderNetworks[0]: expected an address or a network');
  });
});

describe('K9: RFC 5321', () => {
  it('EHLO, commands in any case, and an unknown one that costs nothing', async () => {
    const proxy = await Proxy.start();
    const client = await proxy.client(HERE);
    expect(await client.commands('xyzzy', 'ehlo client.example.net', 'Noop', 'HELP', 'EXPN x')).toEqual([
      500,
      250,
      250,
      214,
      expect.any(Number),
    ]);
    expect(await client.commands('mail from:<ann@example.net>', 'Rcpt To:<bob@example.org>', 'rset', 'helo c')).toEqual(
      [250, 250, 250, 250],
    );
    expect((await client.command('quit')).code).toBe(221);
  });
});

describe('K10: many messages, one store', () => {
  it('several messages in one session', async () => {
    const proxy = await Proxy.start();
    const client = await proxy.client(HERE);
    await client.command('EHLO client.example.net');
    for (let i = 0; i < 5; i++) {
      expect(await client.commands('MAIL FROM:<ann@example.net>', 'RCPT TO:<bob@example.org>', 'DATA')).toEqual([
        250, 250, 354,
      ]);
      client.write(`Subject: ${i}\r\n\r\n`);
      expect((await client.command('.')).code).toBe(250);
    }
    expect(proxy.peer.messages).toHaveLength(5);
  });

  it('who has waited is known after a restart', async () => {
    const path = folder();
    const first = await Proxy.start({}, undefined, path);
    await first.codes();
    await first.passes(TIMES.wait);
    expect(await first.codes()).toBe('250');
    await first.stop();
    const second = await Proxy.start({}, undefined, path);
    expect(await second.codes()).toBe('250');
    expect(await second.codes({ from: OTHER })).toBe('451');
  });

  it('many at once lose nothing', async () => {
    const proxy = await Proxy.start();
    const all = () =>
      Promise.all(Array.from({ length: 40 }, (_, i) => proxy.codes({ recipients: [`u${i % 20}@example.org`] })));
    expect(new Set(await all())).toEqual(new Set(['451']));
    await proxy.passes(TIMES.wait);
    expect(new Set(await all())).toEqual(new Set(['250']));
  });
});

describe('K11: limits', () => {
  it('there are some by default, each told by its name', async () => {
    const proxy = await Proxy.start();
    const client = await proxy.client(HERE);
    let last = '';
    for (let i = 0; i < 11; i++) last = textOf(await client.command('XYZZY'));
    expect(last).toBe('421 4.7.0 too many unknown commands (limit unknownCommands)');
    const many = await proxy.client(HERE);
    await many.commands('EHLO client.example.net', 'MAIL FROM:<ann@example.net>');
    for (let i = 0; i < 1000; i++) await many.command(`RCPT TO:<u${i}@example.org>`);
    expect(textOf(await many.command('RCPT TO:<one-more@example.org>'))).toBe(
      '452 4.5.3 too many recipients (limit recipients)',
    );
  });

  it('a line that never ends is not kept', async () => {
    const proxy = await Proxy.start();
    const client = await proxy.client(HERE);
    for (let i = 0; i < 100; i++) client.write('x'.repeat(10_000));
    client.write('\r\n');
    expect(await client.ended()).toEqual(['421 4.7.0 endless line (limit commandLine)']);
  });

  it('files are open as long as the server, and not for each line', async () => {
    const before = readdirSync('/proc/self/fd').length;
    const proxy = await Proxy.start();
    const started = readdirSync('/proc/self/fd').length;
    expect(started).toBeGreaterThan(before);
    for (let i = 0; i < 20; i++) await proxy.codes({ recipients: ['carl@elsewhere.example'] });
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(started + 1);
    await proxy.stop();
    expect(proxy.lines('greylist.log')).toHaveLength(20);
  });
});

describe('K12: no network of anybody', () => {
  it('is in the code: the mail server behind must be told, and nobody but this machine may relay', () => {
    expect(() => checkConfiguration({ serverName: 'a.example' })).toThrow('upstream: missing');
    expect(() => checkConfiguration({ serverName: 'a.example', upstream: {} })).toThrow('upstream.host: missing');
    const sources = readdirSync(__dirname).filter((file) => !/\.(spec|fixture)\.ts$/.test(file));
    expect(sources.length).toBeGreaterThan(3);
    for (const file of sources) {
      const addresses = readFileSync(join(__dirname, file), 'utf8').match(/\d{1,3}(?:\.\d{1,3}){3}(?:\/\d+)?/g) ?? [];
      // This machine, and examples in messages: RFC 5737's and a network of RFC 1918 with its mask.
      expect(addresses.filter((one) => !['127.0.0.1', '10.0.0.0/8', '203.0.113.0/24'].includes(one))).toEqual([]);
    }
  });
});
