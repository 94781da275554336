import { bodyOf } from '@mailverb/body';
import { BodyAborted, SmtpError, type Body, type DeliveryStrategy, type Session } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import {
  contributionsOf,
  deliver,
  describeDelivery,
  FakeClock,
  openDelivery,
  recordingLogger,
  ScriptedDelivery,
  testRecipient,
  testSession,
  type DeliverOptions,
  type DeliveryScript,
  type LogLine,
} from '@mailverb/testing';
import { RouterDelivery, routerOptions, routerPlugin, type RouterOptionsInput } from './index.js';

type RouteInput = Omit<RouterOptionsInput['routes'][number], 'to'>;

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const codes = ({ outcomes }: { outcomes: readonly { reply: { code: number } }[] }) => outcomes.map((o) => o.reply.code);

/** A router over scripted parts, a route each. */
function router(...routes: readonly (readonly [RouteInput, DeliveryScript?])[]) {
  return routerWith({}, ...routes);
}

function routerWith(
  more: Omit<RouterOptionsInput, 'routes'>,
  ...routes: readonly (readonly [RouteInput, DeliveryScript?])[]
) {
  const log: LogLine[] = [];
  const parts = routes.map(([, script]) => new ScriptedDelivery(script));
  const written = routes.map(([conditions], i) => ({ ...conditions, to: parts[i] as DeliveryStrategy }));
  const strategy = new RouterDelivery(
    routerOptions.parse({ ...more, routes: written }),
    recordingLogger(log),
    new FakeClock(),
  );
  return {
    strategy,
    parts,
    log,
    stored: async () => parts.flatMap((part) => part.messages.map((message) => message.bytes)),
    leftovers: async () => parts.filter((part) => part.open !== 0).map((_, i) => `open transaction of part ${i}`),
    /** Where each message went. */
    went: () => parts.map((part) => part.messages.map((message) => `${message.text} to ${message.to.join(' ')}`)),
  };
}

const THREE_WAYS: readonly RouteInput[] = [
  { recipients: ['alice@example.org'] },
  { domains: ['example.org'] },
  { domains: ['*.net', 'example.net'] },
];

describeDelivery('router', () => router(...THREE_WAYS.map((route) => [route] as const)), {
  refused: 'nobody@nowhere.example',
});
describeDelivery('router, of which one part wants the whole message', () =>
  router([{ recipients: ['alice@example.org'] }, { wholeMessage: true }], [{}]),
);

describeDelivery('router, whose ways depend on the header', () =>
  router([{ header: [{ name: 'X-Never' }] }], [{ domains: ['example.org'] }], [{ header: [{ name: 'X-None' }] }], [{}]),
);
describeDelivery('router, whose ways depend on the size', () =>
  router([{ minSize: 1000, domains: ['example.org'] }], [{ domains: ['example.org'] }], [{}]),
);

/** The number of the route that is taken, or undefined. */
async function routeOf(conditions: readonly RouteInput[], address: string, session: Partial<Session> = {}) {
  const { strategy, parts } = router(...conditions.map((route) => [route] as const));
  await openDelivery(strategy, [address], { session: testSession(session) });
  const found = parts.findIndex((part) => part.calls.includes('begin'));
  return found === -1 ? undefined : found;
}

describe('routes', () => {
  it.each<[RouteInput[], string, number | undefined]>([
    [[{ domains: ['example.org'] }], 'a@example.org', 0],
    [[{ domains: ['example.org'] }], 'a@EXAMPLE.org', 0],
    [[{ domains: ['Example.ORG'] }], 'a@example.org', 0],
    [[{ domains: ['example.org'] }], 'a@sub.example.org', undefined],
    [[{ domains: ['*.example.org'] }], 'a@sub.example.org', 0],
    [[{ domains: ['*.example.org'] }], 'a@deep.sub.example.org', 0],
    [[{ domains: ['*.example.org'] }], 'a@example.org', undefined],
    [[{ domains: ['*.example.org'] }], 'a@badexample.org', undefined],
    [[{ domains: ['bücher.example'] }], 'a@xn--bcher-kva.example', 0],
    [[{ domains: ['xn--bcher-kva.example'] }], 'a@BÜCHER.example', 0],
    [[{ domains: ['[192.0.2.1]'] }], 'a@[192.0.2.1]', 0],
    [[{ domains: ['mx.test.example'] }], 'postmaster', 0],
    [[{ domains: ['other.example'] }], 'postmaster', undefined],
    [[{ recipients: ['Ann@example.org'] }], 'ann@example.org', 0],
    [[{ recipients: ['ann@example.org'] }], 'ANN@EXAMPLE.ORG', 0],
    [[{ recipients: ['ann@example.org'] }], 'ann@example.net', undefined],
    // What stands before the last unquoted @ is never a domain (attack A7).
    [[{ domains: ['example.org'] }], '"a@example.org"@example.net', undefined],
    [[{ domains: ['example.org'] }], 'a%example.org@example.net', undefined],
    [[{ domains: ['a.example'] }, { domains: ['b.example'] }, {}], 'x@b.example', 1],
    [[{ domains: ['a.example'] }, {}, { domains: ['b.example'] }], 'x@b.example', 1],
    [[{}], 'anybody@anywhere.example', 0],
  ])('%j take %s: route %s', async (routes, address, expected) => {
    expect(await routeOf(routes, address)).toBe(expected);
  });

  it('look at who sends, and where', async () => {
    const identity = { name: 'ann', mechanism: 'PLAIN' };
    const listener = {
      name: 'submission',
      hostname: 'mx.test.example',
      protocol: 'smtp',
      maxMessageSize: 0,
      maxRecipients: 0,
      maxMessages: 0,
      tls: 'none',
    } as const;
    const routes = [
      { identities: ['ann'], listeners: ['submission'] },
      { identities: ['ann'] },
      { listeners: ['submission'] },
    ];
    expect(await routeOf(routes, 'x@example.org', { identity, listener })).toBe(0);
    expect(await routeOf(routes, 'x@example.org', { identity })).toBe(1);
    expect(await routeOf(routes, 'x@example.org', { listener })).toBe(2);
    expect(await routeOf(routes, 'x@example.org')).toBeUndefined();
  });

  it('must all hold, where there are several conditions', async () => {
    const routes = [{ domains: ['example.org'], recipients: ['ann@example.org', 'ann@example.net'] }];
    expect(await routeOf(routes, 'ann@example.org')).toBe(0);
    expect(await routeOf(routes, 'ann@example.net')).toBeUndefined();
    expect(await routeOf(routes, 'bob@example.org')).toBeUndefined();
  });
});

const headed = (fields: string, text = 'hi'): Uint8Array => bytes(`${fields}\r\n${text}`);

describe('what a route asks of the envelope and the session', () => {
  const sender = (address: string | null) => ({
    envelope: { reversePath: address === null ? null : testRecipient(address).mailbox },
  });
  async function taken(conditions: RouteInput, options: DeliverOptions = {}, to = 'ann@example.org') {
    const { strategy } = router([conditions]);
    return (await openDelivery(strategy, [to], options)).taken.length === 1;
  }

  it.each<[string[], string, boolean]>([
    [['*-bounces@example.org'], 'list-bounces@example.org', true],
    [['*-bounces@example.org'], 'LIST-Bounces@EXAMPLE.org', true],
    [['*-bounces@example.org'], 'list-bounces@example.net', false],
    [['a*b*c@example.org'], 'a-b-b-c@example.org', true],
    [['a*b*c@example.org'], 'ac@example.org', false],
    [['ab*ba@example.org'], 'aba@example.org', false],
    [['info@*.example.org'], 'info@a.b.example.org', true],
    [['info@*.example.org'], 'info@example.org', false],
    [['*@bücher.example'], 'a@xn--bcher-kva.example', true],
    [['*@mx.test.example'], 'postmaster', true],
    [['x@example.net', 'ann@*'], 'ann@example.org', true],
    // A quoted local part is never a domain (attack A7).
    [['ann@*'], '"ann@example.org"@example.net', false],
    [['*@example.org'], '"ann@example.org"@example.net', false],
  ])('patterns %j, recipient %s: %s', async (patterns, to, expected) => {
    expect(await taken({ patterns }, {}, to)).toBe(expected);
  });

  it('senders, and the null one', async () => {
    expect(await taken({ senders: ['example.net'] }, sender('bob@example.net'))).toBe(true);
    expect(await taken({ senders: ['example.net'] }, sender('bob@example.org'))).toBe(false);
    expect(await taken({ senders: ['<>'] }, sender(null))).toBe(true);
    expect(await taken({ senders: ['example.net'] }, sender(null))).toBe(false);
    expect(await taken({ senderPatterns: ['b*@example.net'] }, sender('bob@example.net'))).toBe(true);
    expect(await taken({ senderPatterns: ['*@*'] }, sender(null))).toBe(false);
  });

  it('networks', async () => {
    const session = testSession({ remoteAddress: '10.1.2.3' });
    expect(await taken({ networks: ['10.0.0.0/8'] }, { session })).toBe(true);
    expect(await taken({ networks: ['10.0.0.0/16'] }, { session })).toBe(false);
  });

  it('the size that was declared, if one was', async () => {
    const declared = (SIZE?: number) => ({ envelope: { parameters: { SIZE } } });
    expect(await taken({ minDeclaredSize: 10 }, declared(10))).toBe(true);
    expect(await taken({ minDeclaredSize: 10 }, declared(9))).toBe(false);
    expect(await taken({ maxDeclaredSize: 10 }, declared(11))).toBe(false);
    expect(await taken({ maxDeclaredSize: 10 }, declared())).toBe(false);
    expect(router([{ maxDeclaredSize: 10 }]).strategy.wholeMessage).toBe(false);
  });
});

describe('what a route asks of the message', () => {
  const spam = { header: [{ name: 'X-Spam', pattern: 'YES*' }] };

  it.each<[RouteInput, string, boolean]>([
    [spam, 'X-Spam: yes, score 9\r\n', true],
    [spam, 'x-spam:YES\r\n', true],
    [spam, 'X-Spam: no\r\nX-Spam: Yes\r\n', true],
    [spam, 'X-Spam: no\r\n', false],
    [spam, 'Subject: X-Spam: yes\r\n', false],
    [spam, 'Subject: a\r\n X-Spam: yes\r\n', false],
    [{ header: [{ name: 'Subject', pattern: '*one*two' }] }, 'Subject: one\r\n\ttwo\r\n', true],
    [{ header: [{ name: 'A' }, { name: 'B' }] }, 'A: 1\r\n', false],
    [{ header: [{ name: 'A' }, { name: 'B' }] }, 'A: 1\r\nB: 2\r\n', true],
    [{ header: [{ name: '__proto__' }] }, 'A: 1\r\n', false],
  ])('%j of %j: %s', async (conditions, fields, expected) => {
    for (const longest of [1, 1000]) {
      const { strategy, went } = router([conditions], [{}]);
      const message = headed(fields, 'X-Spam: yes\r\nA: 1\r\nB: 2\r\n');
      const chunks = Array.from({ length: Math.ceil(message.length / longest) }, (_, i) =>
        message.subarray(i * longest, (i + 1) * longest),
      );
      await deliver(strategy, ['a@x.example'], bodyOf(chunks));
      expect(went().findIndex((messages) => messages.length > 0)).toBe(expected ? 0 : 1);
      expect(went().flat()).toEqual([`${Buffer.from(message).toString('latin1')} to a@x.example`]);
    }
  });

  it('looks at no more of the header section than it is told', async () => {
    const { strategy, went } = routerWith({ maxHeader: 100 }, [spam], [{}]);
    await deliver(strategy, ['a@x.example'], headed(`A: ${'a'.repeat(100)}\r\nX-Spam: yes\r\n`));
    expect(went().map((messages) => messages.length)).toEqual([0, 1]);
  });

  it('streams where only fields are asked for, and wants the message whole where its size is', async () => {
    expect(router([spam]).strategy.wholeMessage).toBe(false);
    const { strategy, went, parts } = router([{ maxSize: 3 }], [{ minSize: 4, maxSize: 5 }], [spam]);
    expect(strategy.wholeMessage).toBe(true);
    const sizes: number[][] = [];
    for (const text of ['abc', 'abcd', 'abcdef']) {
      const sent = await deliver(strategy, ['a@x.example'], bytes(text));
      sizes.push(codes(sent));
    }
    expect(sizes).toEqual([[250], [250], [550]]);
    expect(went().slice(0, 2)).toEqual([['abc to a@x.example'], ['abcd to a@x.example']]);
    await expect(deliver(strategy, ['a@x.example'], bodyOf([bytes('abc')]))).rejects.toThrow('not held');
    expect(parts.map((part) => part.open)).toEqual([0, 0, 0]);
  });

  it('mixes with what it asks of the envelope, and each recipient has its own outcome in its place', async () => {
    const { strategy, parts, went } = router(
      [
        { ...spam, domains: ['a.example'] },
        { recipient: (to) => (to === '3@a.example' ? reply(550, '5.1.1', 'no 3') : undefined) },
      ],
      [{ domains: ['a.example', 'b.example'] }],
      [{ domains: ['c.example'] }, { recipient: () => reply(550, '5.1.1', 'nobody') }],
    );
    const to = ['1@a.example', '2@b.example', '3@a.example', '4@c.example', '5@a.example'];
    const message = headed('X-Spam: yes\r\n');
    const open = await openDelivery(strategy, to);
    // Known at RCPT: who goes only by the envelope.
    expect([...open.refused.keys()]).toEqual(['4@c.example']);
    expect(parts.map((part) => part.calls)).toEqual([
      [],
      ['begin', 'recipient 2@b.example'],
      ['begin', 'recipient 4@c.example'],
    ]);
    await open.transaction.body(bodyOf([message]));
    const outcomes = await open.transaction.commit();
    expect(outcomes.map((o) => o.recipient)).toEqual(open.taken);
    expect(outcomes.map((o) => String(o.reply)).map((text) => text.slice(0, 14))).toEqual([
      '250 2.0.0 Ok: ',
      '250 2.0.0 Ok: ',
      '550 5.1.1 no 3',
      '250 2.0.0 Ok: ',
    ]);
    expect(went().map((messages) => messages.length)).toEqual([1, 1, 0]);
    expect(parts[0]?.messages[0]?.to).toEqual(['1@a.example', '5@a.example']);
  });

  it('and where a way fails that was found late, the others go on', async () => {
    const { strategy, went, leftovers } = router(
      [{ ...spam, domains: ['a.example'] }, { begin: () => Promise.reject(new Error('down')) }],
      [{}],
    );
    const sent = await deliver(strategy, ['1@a.example', '2@b.example'], bodyOf([headed('X-Spam: yes\r\n')]));
    expect(codes(sent)).toEqual([451, 250]);
    expect(went()[1]).toHaveLength(1);
    expect(await leftovers()).toEqual([]);
  });

  it('reads the message to its end where nobody wants it', async () => {
    const { strategy } = router([spam]);
    let read = 0;
    const body = bodyOf(
      (async function* () {
        for (; read < 5; read += 1) yield headed('A: 1\r\n');
      })(),
    );
    expect(codes(await deliver(strategy, ['a@x.example'], body))).toEqual([550]);
    expect(read).toBe(5);
  });

  it('takes no time that grows faster than the header section', async () => {
    const { strategy } = router([{ header: [{ name: 'a', pattern: `${'*a'.repeat(50)}*b` }] }], [{}]);
    const message = headed(`a: ${'a'.repeat(200_000)}\r\n${'a:\r\n '.repeat(5_000)}\r\n`);
    const began = performance.now();
    await deliver(strategy, ['a@x.example'], bodyOf([message]));
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

describe('a table of routes', () => {
  const map = { 'ann@example.org': 'old', 'example.net': 'new', 'mx.test.example': 'old' };
  const routes: readonly (readonly [RouteInput])[] = [
    [{ domains: ['first.example'] }],
    [{ name: 'old' }],
    [{ name: 'new', senders: ['<>'] }],
    [{ domains: ['example.org', 'example.net'] }],
  ];
  const routeBy = async (written: Omit<RouterOptionsInput, 'routes'>, to: string) => {
    const { strategy, parts, log } = routerWith(written, ...routes);
    const { refused } = await openDelivery(strategy, [to]);
    return { at: parts.findIndex((part) => part.calls.includes('begin')), refused: refused.get(to)?.code, log };
  };

  it.each([
    ['ann@example.org', 1],
    ['bob@example.org', 3],
    ['ann@example.net', 3],
    ['ann@first.example', 0],
    ['postmaster', 1],
    ['nobody@else.example', -1],
  ])('%s goes by route %d', async (to, expected) => {
    expect(await routeBy({ lookup: { map } }, to)).toMatchObject({ at: expected });
  });

  it('of domains alone', async () => {
    const domainLookup = { map: { '*.example.org': 'old' } };
    expect(await routeBy({ domainLookup }, 'x@a.example.org')).toMatchObject({ at: 1 });
    expect(await routeBy({ domainLookup }, 'x@example.org')).toMatchObject({ at: 3 });
  });

  it('that can not be asked defers, and only whom it concerns (attack A26)', async () => {
    const lookup = { http: { url: 'http://127.0.0.1:1/{key}' } };
    expect(await routeBy({ lookup }, 'ann@example.org')).toMatchObject({
      at: -1,
      refused: 451,
      log: [{ level: 'error' }],
    });
    expect(await routeBy({ lookup }, 'ann@first.example')).toMatchObject({ at: 0, log: [] });
  });

  it('names routes that there are', () => {
    const to = new ScriptedDelivery();
    const wrong = (options: object) => routerOptions.safeParse(options).error?.issues[0]?.path;
    expect(wrong({ routes: [{ name: 'a', to }] })).toEqual(['routes', 0, 'name']);
    expect(wrong({ lookup: { map: {} }, routes: [{ to }] })).toEqual(['routes']);
    expect(wrong({ lookup: { map: { 'example.org': 'b' } }, routes: [{ name: 'a', to }] })).toEqual([
      'lookup',
      'map',
      'example.org',
    ]);
    expect(wrong({ lookup: { map: {} }, domainLookup: { map: {} }, routes: [{ name: 'a', to }] })).toEqual([
      'domainLookup',
    ]);
  });
});

describe('RouterDelivery', () => {
  const A = { domains: ['a.example'] };
  const B = { domains: ['b.example'] };
  const TO = ['1@a.example', '2@b.example', '3@a.example', '4@b.example'];

  it('refuses a recipient without a route, and the others not', async () => {
    const { strategy, went } = router([A]);
    const sent = await deliver(strategy, ['x@nowhere.example', '1@a.example'], bytes('hi'));
    expect(String(sent.refused.get('x@nowhere.example'))).toBe('550 5.7.1 no delivery for this recipient');
    expect(went()).toEqual([['hi to 1@a.example']]);
  });

  it('promises what the least of its parts promises', () => {
    expect(router([A, { durability: 'remote' }], [B, { durability: 'disk' }]).strategy.durability).toBe('disk');
    expect(router([A, { durability: 'none' }], [B, { durability: 'disk' }]).strategy.durability).toBe('none');
    expect(router([A], [B]).strategy.wholeMessage).toBe(false);
    expect(router([A], [B, { wholeMessage: true }]).strategy.wholeMessage).toBe(true);
  });

  it('offers what all of its parts do, and tells them of the end of a session', () => {
    const closed: string[] = [];
    const part = (name: string, keyword: string) =>
      Object.assign(new ScriptedDelivery(), {
        offers: (asked: string, argument: string | undefined) => (asked === keyword ? (false as const) : argument),
        sessionClosed: () => void closed.push(name),
      });
    const written = [{ to: part('a', 'DSN') }, { to: part('b', 'SMTPUTF8') }, { to: new ScriptedDelivery() }];
    const strategy = new RouterDelivery(routerOptions.parse({ routes: written }), recordingLogger([]), new FakeClock());
    const session = testSession();
    expect(['DSN', 'SMTPUTF8', 'SIZE'].map((keyword) => strategy.offers?.(keyword, '1', session))).toEqual([
      false,
      false,
      '1',
    ]);
    strategy.sessionClosed?.(session);
    expect(closed).toEqual(['a', 'b']);
    // Nobody is asked where nobody has a say.
    expect(router([A]).strategy.offers).toBeUndefined();
  });

  it('splits a message, shows each way its own recipients, and puts the outcomes in order again', async () => {
    const no = reply(554, '5.0.0', 'no');
    const { strategy, parts, went } = router(
      [A],
      [B, { commit: (to) => (to === '4@b.example' ? no : reply(251, '2.1.5', 'on')) }],
    );
    const sent = await deliver(strategy, TO, bodyOf([bytes('to '), bytes('all')]));
    expect(codes(sent)).toEqual([250, 251, 250, 554]);
    expect(sent.outcomes.map((o) => o.recipient)).toEqual(sent.taken);
    expect(went()).toEqual([['to all to 1@a.example 3@a.example'], ['to all to 2@b.example']]);
    const seen = parts.map((part) => part.envelopes.map((e) => e.recipients.map((r) => r.mailbox.address)));
    expect(seen).toEqual([[['1@a.example', '3@a.example']], [['2@b.example', '4@b.example']]]);
    expect(parts.map((part) => part.envelopes[0]?.id)).toEqual([sent.envelope.id, sent.envelope.id]);
  });

  it('begins a way only when somebody goes it, and passes a message that goes one way straight on', async () => {
    let seen: Body | undefined;
    const { strategy, parts } = router([A, { body: (body) => void (seen = body) }], [B]);
    const body = bodyOf([bytes('x')]);
    await deliver(strategy, ['1@a.example'], body);
    expect(seen).toBe(body);
    expect(parts[1]?.calls).toEqual([]);
  });

  it('lets a message that goes one way fail in its own words', async () => {
    const { strategy, parts } = router([A, { body: () => Promise.reject(new Error('mine')) }]);
    await expect(deliver(strategy, ['1@a.example'], bytes('x'))).rejects.toThrow('mine');
    expect(parts[0]?.open).toBe(0);
  });

  it('sends nothing a way on which everybody was refused', async () => {
    const { strategy, parts, went } = router([A], [B, { recipient: () => reply(550, '5.1.1', 'no such user') }]);
    const sent = await deliver(strategy, TO, bytes('hi'));
    expect([...sent.refused.values()].map((r) => r.code)).toEqual([550, 550]);
    expect(codes(sent)).toEqual([250, 250]);
    expect(parts[1]?.calls).toEqual(['begin', 'recipient 2@b.example', 'recipient 4@b.example', 'abort']);
    expect(went()).toEqual([['hi to 1@a.example 3@a.example'], []]);
  });

  it.each<[string, DeliveryScript, readonly number[], readonly number[]]>([
    ['begin', { begin: () => Promise.reject(new Error('boom')) }, [250, 250], [451, 451]],
    ['recipient', { recipient: () => Promise.reject(new Error('boom')) }, [250, 250], [451, 451]],
    ['body', { body: () => Promise.reject(new Error('boom')) }, [250, 451, 250, 451], []],
    ['commit', { commit: () => Promise.reject(new Error('boom')) }, [250, 451, 250, 451], []],
    [
      'body, with words of its own',
      { body: () => Promise.reject(new SmtpError(reply(552, '5.3.4', 'too big'), 'boom')) },
      [250, 552, 250, 552],
      [],
    ],
    ...(['body', 'commit'] as const).map((step): [string, DeliveryScript, readonly number[], readonly number[]] => [
      `${step}, with an error that says yes`,
      { [step]: () => Promise.reject(new SmtpError(reply(250, '2.0.0', 'stored? no'), 'boom')) },
      [250, 451, 250, 451],
      [],
    ]),
    [
      'recipient, with an error that says yes',
      { recipient: () => Promise.reject(new SmtpError(reply(250, '2.0.0', 'taken? no'), 'boom')) },
      [250, 250],
      [451, 451],
    ],
    ['commit, by a 3xx', { commit: () => reply(354, undefined, 'go on') }, [250, 451, 250, 451], []],
  ])('keeps a failure in %s from the neighbours', async (_, script, outcomes, refusals) => {
    const { strategy, parts, log, went, leftovers } = router([A], [B, script]);
    const sent = await deliver(strategy, TO, bodyOf([bytes('h'), bytes('i')]));
    expect(codes(sent)).toEqual(outcomes);
    expect([...sent.refused.values()].map((r) => r.code)).toEqual(refusals);
    expect(went()[0]).toEqual(['hi to 1@a.example 3@a.example']);
    expect(log.length).toBeGreaterThan(0);
    expect(log[0]).toMatchObject({ level: 'error', fields: { route: 1, transaction: sent.envelope.id } });
    expect(parts[1]?.calls.at(-1)).toMatch(/begin|abort|commit/);
    expect(await leftovers()).toEqual([]);
  });

  it('reads the message to its end even if every way fails', async () => {
    const fails = { body: () => Promise.reject(new Error('boom')) };
    const { strategy } = router([A, fails], [B, fails]);
    let read = 0;
    const body = bodyOf(
      (async function* () {
        for (; read < 5; read += 1) yield bytes('x');
      })(),
    );
    expect(codes(await deliver(strategy, TO, body))).toEqual([451, 451, 451, 451]);
    expect(read).toBe(5);
  });

  it('begins no way when it was aborted', async () => {
    const { strategy, parts } = router([A], [B]);
    const { transaction } = await openDelivery(strategy, ['1@a.example']);
    await transaction.abort('test');
    expect(await transaction.recipient(testRecipient('2@b.example'))).toMatchObject({ code: 451 });
    expect(() => transaction.commit()).toThrow(BodyAborted);
    expect(parts[1]?.calls).toEqual([]);
  });

  it('passes on that the client has gone, and blames nobody', async () => {
    const { strategy, log, went, leftovers } = router([A], [B]);
    const broken = bodyOf(
      (async function* () {
        yield bytes('x');
        throw new BodyAborted('gone');
      })(),
    );
    await expect(deliver(strategy, TO, broken)).rejects.toThrow(BodyAborted);
    expect(log).toEqual([]);
    expect(went()).toEqual([[], []]);
    expect(await leftovers()).toEqual([]);
  });
});

describe('the plugin', () => {
  it('contributes the strategy router', () => {
    expect(routerPlugin.name).toBe('delivery-router');
    expect(routerPlugin.nested).toEqual({ 'routes[].to': 'delivery' });
    expect(contributionsOf(routerPlugin)).toEqual([{ kind: 'delivery', name: 'router', value: RouterDelivery }]);
  });

  it('wants routes, and refuses options that it does not know', () => {
    const to = new ScriptedDelivery();
    expect(routerOptions.safeParse({ routes: [{ to }] }).success).toBe(true);
    expect(routerOptions.safeParse({ routes: [] }).success).toBe(false);
    expect(routerOptions.safeParse({ routes: [{ domains: ['example.org'] }] }).success).toBe(false);
    expect(routerOptions.safeParse({ routes: [{ to, domains: ['not a domain'] }] }).success).toBe(false);
    expect(routerOptions.safeParse({ routes: [{ to, domain: ['example.org'] }] }).success).toBe(false);
    expect(routerOptions.safeParse({ routes: [{ to }], default: to }).success).toBe(false);
    expect(routerOptions.safeParse({ routes: [{ to, patterns: ['no pattern'] }] }).success).toBe(false);
    expect(routerOptions.safeParse({ routes: [{ to, patterns: ['a@b*ücher.example'] }] }).success).toBe(false);
    expect(routerOptions.safeParse({ routes: [{ to, minSize: 2, maxSize: 1 }] }).success).toBe(false);
    expect(routerOptions.safeParse({ routes: [{ to, minDeclaredSize: 2, maxDeclaredSize: 1 }] }).success).toBe(false);
    expect(routerOptions.safeParse({ routes: [{ to, header: [{ name: 'a:b' }] }] }).success).toBe(false);
  });
});
