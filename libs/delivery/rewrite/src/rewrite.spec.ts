import { inspect } from 'node:util';
import type { Envelope } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import {
  contributionsOf,
  deliver,
  describeDelivery,
  FAKE_EPOCH,
  FakeClock,
  openDelivery,
  recordingLogger,
  ScriptedDelivery,
  testMailbox,
  testRecipient,
  testSession,
  type DeliveryScript,
  type LogLine,
} from '@mailverb/testing';
import { RewriteDelivery, rewriteOptions, rewritePlugin, type RewriteOptionsInput } from './index.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const codes = ({ outcomes }: { outcomes: readonly { reply: { code: number } }[] }) => outcomes.map((o) => o.reply.code);
const DAY = 86_400_000;
const SECRET = 'the secret of the test';
const SRS = { domain: 'srs.example.net', secrets: [SECRET], own: ['example.net'] };
const NOWHERE = { http: { url: 'http://127.0.0.1:1/{key}' } };

function rewrite(more: Omit<RewriteOptionsInput, 'to'> = {}, script: DeliveryScript = {}) {
  const log: LogLine[] = [];
  const clock = new FakeClock(FAKE_EPOCH);
  const to = new ScriptedDelivery(script);
  return {
    strategy: new RewriteDelivery(rewriteOptions.parse({ ...more, to }), clock, recordingLogger(log)),
    to,
    log,
    clock,
    stored: async () => to.messages.map((message) => message.bytes),
    leftovers: async () => (to.open === 0 ? [] : ['an open transaction']),
    /** Whose message reached whom. */
    went: () =>
      to.envelopes.map(({ reversePath, recipients }) => [
        reversePath?.address ?? '<>',
        ...recipients.map((r) => r.mailbox.address),
      ]),
  };
}

const from = (address: string | null): { envelope: Partial<Envelope> } => ({
  envelope: { reversePath: address === null ? null : testMailbox(address) },
});

const RENAME = {
  sender: { rules: [{ from: 'test.example', to: 'sent.example' }] },
  recipient: {
    lookup: { map: { 'bob@example.org': 'other.example' } },
    rules: [{ from: '*@example.net', to: 'x-*@new.example' }],
  },
};

describeDelivery('rewrite, of nobody', () => rewrite());
describeDelivery('rewrite', () => rewrite({ ...RENAME, srs: SRS }));
describeDelivery(
  'rewrite, to one that wants the whole message',
  () => rewrite({ ...RENAME, srs: SRS }, { wholeMessage: true }),
  {
    refused: 'SRS0=aaaa=AA=example.org=x@srs.example.net',
  },
);

describe('rewrite', () => {
  it('renames sender and recipients, by the table before the rules', async () => {
    const { strategy, went } = rewrite({
      sender: {
        lookup: { map: { 'a@test.example': 'z@table.example' } },
        rules: [{ from: 'test.example', to: 'rule.example' }],
      },
      recipient: {
        lookup: { map: { 'example.org': 'table.example' } },
        rules: [
          { from: 'bob@example.org', to: 'rule.example' },
          { from: 'example.com', to: 'rule.example' },
        ],
      },
    });
    for (const sender of ['a@test.example', 'b@test.example', null]) {
      const sent = await deliver(
        strategy,
        ['bob@example.org', 'bob@example.com', 'eve@else.example'],
        bytes('x'),
        from(sender),
      );
      expect(sent.outcomes.map((o) => o.recipient)).toEqual(sent.taken);
    }
    const to = ['bob@table.example', 'bob@rule.example', 'eve@else.example'];
    expect(went()).toEqual([
      ['z@table.example', ...to],
      ['b@rule.example', ...to],
      ['<>', ...to],
    ]);
  });

  it('keeps everything else of the envelope', async () => {
    const { strategy, to } = rewrite(RENAME);
    const parameters = { SIZE: 3, ENVID: 'x' };
    const recipient = testRecipient('bob@example.org', { NOTIFY: 'never' });
    const sent = await deliver(strategy, [recipient], bytes('x'), { envelope: { parameters } });
    expect(to.envelopes[0]).toMatchObject({
      id: sent.envelope.id,
      parameters,
      recipients: [{ parameters: { NOTIFY: 'never' } }],
    });
  });

  it('asks once for two who become one, and both have what became of it', async () => {
    const later = reply(451, '4.2.0', 'later');
    const rules = [{ from: 'old.example', to: 'new.example' }];
    const { strategy, to } = rewrite({ recipient: { rules } }, { commit: () => later });
    const sent = await deliver(strategy, ['a@old.example', 'A@new.example', 'a@old.example'], bytes('x'));
    expect(sent.outcomes.map((o) => [o.recipient, o.reply])).toEqual(sent.taken.map((recipient) => [recipient, later]));
    expect(to.calls.filter((call) => call.startsWith('recipient'))).toEqual(['recipient a@new.example']);
    const no = reply(550, '5.1.1', 'no');
    const refusing = rewrite({ recipient: { rules } }, { recipient: () => no });
    expect([...(await openDelivery(refusing.strategy, ['a@old.example', 'a@new.example'])).refused.values()]).toEqual([
      no,
      no,
    ]);
  });

  it('defers whom it gets no answer for (attack A26)', async () => {
    const { strategy, to, log } = rewrite({ recipient: { lookup: NOWHERE } });
    const { refused } = await openDelivery(strategy, ['a@x.example']);
    expect(refused.get('a@x.example')?.code).toBe(451);
    expect(to.calls).toEqual(['begin']);
    expect(log).toHaveLength(1);
    const sender = rewrite({ sender: { lookup: NOWHERE } });
    await expect(openDelivery(sender.strategy, ['a@x.example'])).rejects.toMatchObject({ reply: { code: 451 } });
    expect(sender.to.calls).toEqual([]);
    // From nobody there is nothing to ask.
    expect((await openDelivery(sender.strategy, ['a@x.example'], from(null))).taken).toHaveLength(1);
  });

  it('refuses an address of which a rule makes none', async () => {
    const rules = [{ from: '*@x.example', to: 'a@*.y.example' }];
    const { strategy } = rewrite({ recipient: { rules } });
    expect(String((await openDelivery(strategy, ['a_b@x.example'])).refused.get('a_b@x.example'))).toBe(
      '553 5.1.3 this address can not be rewritten',
    );
    const { strategy: sender } = rewrite({ sender: { rules } });
    await expect(openDelivery(sender, ['a@y.example'], from('a_b@x.example'))).rejects.toMatchObject({
      reply: { code: 553 },
    });
  });

  it('believes no outcome that is none', async () => {
    const { strategy } = rewrite(RENAME, { commit: () => reply(354, undefined, 'go on') });
    expect(codes(await deliver(strategy, ['bob@example.org'], bytes('x')))).toEqual([451]);
  });

  it('promises, wants and offers what the delivery does', () => {
    const { strategy } = rewrite({}, { durability: 'disk', wholeMessage: true });
    expect([strategy.durability, strategy.wholeMessage, strategy.offers, strategy.sessionClosed]).toEqual([
      'disk',
      true,
      undefined,
      undefined,
    ]);
    const closed: unknown[] = [];
    const to = Object.assign(new ScriptedDelivery(), {
      offers: () => false as const,
      sessionClosed: (one: unknown) => void closed.push(one),
    });
    const passing = new RewriteDelivery(rewriteOptions.parse({ to }), new FakeClock(), recordingLogger([]));
    const session = testSession();
    passing.sessionClosed?.(session);
    expect([passing.offers?.('DSN', undefined, session), closed]).toEqual([false, [session]]);
  });
});

describe('rewrite with SRS', () => {
  it('makes senders ours, who are not, and finds back when a bounce comes', async () => {
    const { strategy, went } = rewrite({ srs: SRS });
    for (const sender of ['ann@example.org', 'bob@example.net', 'x@srs.example.net', 'ann@[192.0.2.1]', null]) {
      await deliver(strategy, ['a@x.example'], bytes('x'), from(sender));
    }
    const [made = '', ...others] = went().map(([sender]) => sender);
    expect(made).toMatch(/^SRS0=.{6}=..=example\.org=ann@srs\.example\.net$/);
    expect(others).toEqual(['bob@example.net', 'x@srs.example.net', 'ann@[192.0.2.1]', '<>']);
    await deliver(strategy, [made], bytes('bounce'), from(null));
    expect(went().at(-1)).toEqual(['<>', 'ann@example.org']);
  });

  it('signs what the rules have made of the sender', async () => {
    const { strategy, went } = rewrite({ srs: SRS, sender: { rules: [{ from: 'test.example', to: 'example.net' }] } });
    await deliver(strategy, ['a@x.example'], bytes('x'), from('b@test.example'));
    expect(went()[0]?.[0]).toBe('b@example.net');
  });

  it.each([
    ['SRS0=aaaaaa=AA=example.org=ann@srs.example.net', '550 5.7.1 this address was not made here'],
    ['SRS0=aaaaaa@srs.example.net', '550 5.1.1 no such address'],
  ])('refuses %s', async (address, expected) => {
    const { strategy, to } = rewrite({ srs: SRS });
    const { refused } = await openDelivery(strategy, [address], from(null));
    expect(String(refused.get(address))).toBe(expected);
    expect(to.calls).toEqual(['begin']);
  });

  it('refuses what has expired, and what is no bounce', async () => {
    const { strategy, went, clock } = rewrite({ srs: { ...SRS, maxAge: '2d' } });
    await deliver(strategy, ['a@x.example'], bytes('x'), from('ann@example.org'));
    const made = went()[0]?.[0] ?? '';
    const answer = async (sender: string | null, by = strategy) =>
      String((await openDelivery(by, [made], from(sender))).refused.get(made));
    expect(await answer('eve@example.com')).toBe('550 5.7.1 this address takes bounces only');
    const anybody = rewrite({ srs: { ...SRS, bouncesOnly: false } });
    expect(await answer('eve@example.com', anybody.strategy)).toBe('undefined');
    await clock.advance(2 * DAY);
    expect(await answer(null)).toBe('undefined');
    await clock.advance(DAY);
    expect(await answer(null)).toBe('550 5.1.1 this address has expired');
  });

  it('leaves what is too long as it is, or refuses it', async () => {
    const long = `${'l'.repeat(60)}@example.org`;
    const keeps = rewrite({ srs: SRS });
    await deliver(keeps.strategy, ['a@x.example'], bytes('x'), from(long));
    expect(keeps.went()[0]?.[0]).toBe(long);
    expect(keeps.log).toMatchObject([{ level: 'info', fields: { sender: long } }]);
    const refuses = rewrite({ srs: { ...SRS, tooLong: 'refuse' } });
    await expect(openDelivery(refuses.strategy, ['a@x.example'], from(long))).rejects.toMatchObject({
      reply: { code: 553, enhanced: '5.1.7' },
    });
  });

  it('goes one way only where it is told so', async () => {
    const signs = rewrite({ srs: { ...SRS, reverse: false } });
    const reverses = rewrite({ srs: { ...SRS, sign: false } });
    await deliver(signs.strategy, ['a@x.example'], bytes('x'), from('ann@example.org'));
    const made = signs.went()[0]?.[0] ?? '';
    await deliver(signs.strategy, [made], bytes('x'), from(null));
    await deliver(reverses.strategy, [made], bytes('x'), from(null));
    await deliver(reverses.strategy, ['a@x.example'], bytes('x'), from('ann@example.org'));
    expect(signs.went()[1]).toEqual(['<>', made]);
    expect(reverses.went()).toEqual([
      ['<>', 'ann@example.org'],
      ['ann@example.org', 'a@x.example'],
    ]);
  });

  it('shows no secret', async () => {
    const { strategy, log } = rewrite({ srs: SRS });
    await openDelivery(strategy, ['SRS0=aaaaaa=AA=example.org=ann@srs.example.net'], from(null));
    expect(inspect(strategy, { depth: 20, showHidden: true }) + JSON.stringify([strategy, log])).not.toContain(SECRET);
  });
});

describe('the plugin', () => {
  it('contributes the strategy rewrite', () => {
    expect(rewritePlugin.nested).toEqual({ to: 'delivery' });
    expect(contributionsOf(rewritePlugin)).toEqual([{ kind: 'delivery', name: 'rewrite', value: RewriteDelivery }]);
  });

  it.each<[object, (string | number)[]]>([
    [{ words: 'x' }, []],
    [{ srs: { domain: 'srs.example.net', secrets: [] } }, ['srs', 'secrets']],
    [{ srs: { domain: 'srs.example.net', secrets: ['short'] } }, ['srs', 'secrets', 0]],
    [{ srs: { domain: '[192.0.2.1]', secrets: [SECRET] } }, ['srs', 'domain']],
    [{ srs: { ...SRS, hashLength: 3 } }, ['srs', 'hashLength']],
    [{ srs: { ...SRS, maxAge: '1001d' } }, ['srs', 'maxAge']],
    [{ srs: { ...SRS, maxAge: 0 } }, ['srs', 'maxAge']],
    [{ sender: { rules: [{ from: 'x', to: '*' }] } }, ['sender', 'rules', 0, 'to']],
    [{ recipient: { lookup: { map: { 'x.example': 'a b' } } } }, ['recipient', 'lookup', 'map', 'x.example']],
  ])('refuses %j', (options, path) => {
    const result = rewriteOptions.safeParse({ to: new ScriptedDelivery(), ...options });
    expect(result.error?.issues[0]?.path).toEqual(path);
  });
});
