import { bodyOf } from '@mailverb/body';
import { BodyAborted, SmtpError, type Body, type DeliveryStrategy, type Session } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import {
  contributionsOf,
  deliver,
  describeDelivery,
  openDelivery,
  recordingLogger,
  ScriptedDelivery,
  testRecipient,
  testSession,
  type DeliveryScript,
  type LogLine,
} from '@mailverb/testing';
import { RouterDelivery, routerOptions, routerPlugin, type RouterOptionsInput } from './index.js';

type RouteInput = Omit<RouterOptionsInput['routes'][number], 'to'>;

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const codes = ({ outcomes }: { outcomes: readonly { reply: { code: number } }[] }) => outcomes.map((o) => o.reply.code);

/** A router over scripted parts, a route each. */
function router(...routes: readonly (readonly [RouteInput, DeliveryScript?])[]) {
  const log: LogLine[] = [];
  const parts = routes.map(([, script]) => new ScriptedDelivery(script));
  const written = routes.map(([conditions], i) => ({ ...conditions, to: parts[i] as DeliveryStrategy }));
  const strategy = new RouterDelivery(routerOptions.parse({ routes: written }), recordingLogger(log));
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
  });
});
