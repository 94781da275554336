import { bodyOf, bodyOfHeld, heldBytes } from '@mailverb/body';
import { BodyAborted, SmtpError } from '@mailverb/contract';
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
  type DeliveryScript,
  type LogLine,
} from '@mailverb/testing';
import { ForwardDelivery, forwardOptions, forwardPlugin, type ForwardOptionsInput } from './index.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const codes = ({ outcomes }: { outcomes: readonly { reply: { code: number } }[] }) => outcomes.map((o) => o.reply.code);
const NO = reply(550, '5.1.1', 'bob is not here');
const LATER = reply(452, '4.2.2', 'bob has too much');

const MAP = {
  'team@x.example': 'ann@x.example, bob@y.example',
  'info@x.example': ['ann@x.example'],
  'loop@x.example': 'pool@x.example',
  'pool@x.example': 'loop@x.example',
  'self@x.example': 'self@x.example, bob@y.example',
};

function forward(script: DeliveryScript = {}, more: Partial<Omit<ForwardOptionsInput, 'to'>> = {}) {
  const log: LogLine[] = [];
  const to = new ScriptedDelivery(script);
  const options = forwardOptions.parse({ lookup: { map: MAP }, ...more, to });
  return {
    strategy: new ForwardDelivery(options, new FakeClock(), recordingLogger(log)),
    to,
    log,
    stored: async () => to.messages.map((message) => message.bytes),
    leftovers: async () => (to.open === 0 ? [] : [`${to.open} open transactions`]),
    went: () =>
      to.messages.map(({ to: who, text }) => `${text.replaceAll('\r\n', '|')} to ${who.join(' ')}`).toSorted(),
  };
}

const some = (answers: Readonly<Record<string, ReturnType<typeof reply>>>) => (address: string) => answers[address];

describeDelivery('forward, of nobody', () => forward());
describeDelivery(
  'forward, of everybody',
  () =>
    forward(
      {},
      {
        lookup: { map: { 'example.org': 'ann@x.example', 'example.net': ['ann@x.example', 'bob@y.example'] } },
        deliveredTo: false,
      },
    ),
  {
    recipients: ['alice@example.org', 'carol@example.net'],
  },
);
describeDelivery('forward, with Delivered-To', () => {
  const scene = forward({}, { lookup: { map: { 'example.org': 'ann@x.example' } } });
  const field = /^(?:Delivered-To: [a-z]+@example\.org\r\n)?/;
  const stored = async () =>
    (await scene.stored()).map((one) => bytes(Buffer.from(one).toString('latin1').replace(field, '')));
  return { ...scene, stored };
});
describeDelivery('forward, to one that wants the whole message', () =>
  forward({ wholeMessage: true }, { lookup: { map: { 'example.org': 'ann@x.example' } }, deliveredTo: false }),
);
describeDelivery('forward, of which one is a loop', () => forward(), { refused: 'loop@x.example' });

describe('forward', () => {
  it('passes on who is not in the table, in the words of the delivery and without a look at the message', async () => {
    const ok = reply(251, '2.1.5', 'will do');
    let seen: unknown;
    const { strategy, to } = forward({
      recipient: some({ 'z@x.example': ok, 'n@x.example': NO }),
      body: (body) => void (seen = body),
    });
    const body = bodyOf([bytes('x')]);
    const { transaction } = await openDelivery(strategy, []);
    expect(await transaction.recipient(testRecipient('z@x.example'))).toBe(ok);
    expect(await transaction.recipient(testRecipient('n@x.example'))).toBe(NO);
    await transaction.body(body);
    expect(seen).toBe(body);
    expect((await transaction.commit()).map((o) => o.recipient.mailbox.address)).toEqual(['z@x.example']);
    expect(to.calls.filter((call) => call === 'begin')).toHaveLength(1);
  });

  it('gives each target one copy, with the address that was forwarded for it alone', async () => {
    const { strategy, went, log, leftovers } = forward();
    const sent = await deliver(
      strategy,
      ['team@x.example', 'zoe@x.example', 'Info@X.example'],
      bodyOf([bytes('A: 1\r\n'), bytes('\r\nhi')]),
    );
    expect(codes(sent)).toEqual([250, 250, 250]);
    expect(sent.outcomes.map((o) => o.recipient)).toEqual(sent.taken);
    // `info` comes to ann too, who has it already.
    expect(went()).toEqual([
      'A: 1||hi to zoe@x.example',
      'Delivered-To: team@x.example|A: 1||hi to ann@x.example bob@y.example',
    ]);
    expect(log).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });

  it('keeps the parameters of RCPT, and the envelope has only who goes that way', async () => {
    const { strategy, to } = forward();
    const recipient = testRecipient('info@x.example', { NOTIFY: 'never' });
    await deliver(strategy, [recipient, 'zoe@x.example'], bytes('hi'));
    const envelopes = to.envelopes.map(({ recipients }) =>
      recipients.map((one) => [one.mailbox.address, one.parameters]),
    );
    expect(envelopes).toEqual([[['ann@x.example', { NOTIFY: 'never' }]], [['zoe@x.example', {}]]]);
  });

  it('forwards bounces too, from nobody', async () => {
    const { strategy, to } = forward();
    await deliver(strategy, ['info@x.example'], bytes('hi'), { envelope: { reversePath: null } });
    expect(to.envelopes.map(({ reversePath }) => reversePath)).toEqual([null]);
  });

  it('names the server in Delivered-To of <Postmaster>', async () => {
    const { strategy, went } = forward({}, { lookup: { map: { postmaster: 'ann@x.example' } } });
    await deliver(strategy, ['postmaster'], bytes('hi'));
    expect(went()).toEqual(['Delivered-To: postmaster@mx.test.example|hi to ann@x.example']);
  });

  it('adds no field where it is told so', async () => {
    const { strategy, went } = forward({}, { deliveredTo: false });
    await deliver(strategy, ['info@x.example'], bytes('Delivered-To: info@x.example\r\n\r\nhi'));
    expect(went()).toEqual(['Delivered-To: info@x.example||hi to ann@x.example']);
  });

  describe('has one answer at RCPT', () => {
    const ask = async (script: DeliveryScript, more = {}, recipient = 'team@x.example') => {
      const scene = forward(script, more);
      const { refused } = await openDelivery(scene.strategy, [recipient]);
      return { ...scene, answer: String(refused.get(recipient)) };
    };

    it('that says nothing of where the address leads', async () => {
      const { answer, log } = await ask({ recipient: some({ 'bob@y.example': NO }) });
      expect(answer).toBe('550 5.1.1 the message can not be forwarded');
      expect(log).toMatchObject([
        { level: 'warn', fields: { target: 'bob@y.example', reply: '550 5.1.1 bob is not here' } },
      ]);
    });

    it('and nobody gets a message for which it was no', async () => {
      const { strategy, to, went } = await ask({ recipient: some({ 'bob@y.example': LATER }) });
      expect(to.open).toBe(0);
      const sent = await deliver(strategy, ['team@x.example', 'info@x.example'], bytes('hi'));
      expect([...sent.refused].map(([who, answer]) => `${who}: ${String(answer)}`)).toEqual([
        'team@x.example: 452 4.2.2 the message can not be forwarded now, try again later',
      ]);
      // Ann was taken for `team` before bob was deferred: that is taken back, and she gets the one of `info`.
      expect(went()).toEqual(['Delivered-To: info@x.example|hi to ann@x.example']);
      expect(to.open).toBe(0);
    });

    it('that is a later where one is, else a no', async () => {
      expect((await ask({ recipient: some({ 'ann@x.example': NO, 'bob@y.example': LATER }) })).answer).toMatch(/^452/);
      expect(
        (await ask({ recipient: some({ 'ann@x.example': NO, 'bob@y.example': LATER }) }, { require: 'any' })).answer,
      ).toMatch(/^452/);
      expect((await ask({ recipient: () => NO }, { require: 'any' })).answer).toMatch(/^550/);
      expect((await ask({ recipient: some({ 'ann@x.example': NO }) }, { require: 'any' })).answer).toBe('undefined');
    });

    it('of the table, where that is the end', async () => {
      expect((await ask({}, {}, 'loop@x.example')).answer).toBe('554 5.4.6 this address is forwarded in a loop');
      const http = { lookup: { http: { url: 'http://127.0.0.1:1/{key}' } } };
      expect((await ask({}, http)).answer).toMatch(/^451 4\.3\.0 /);
    });
  });

  describe('has one outcome for each recipient', () => {
    const outcomesOf = async (script: DeliveryScript, more = {}, to = ['team@x.example', 'zoe@x.example']) => {
      const scene = forward(script, more);
      const sent = await deliver(scene.strategy, to, bodyOf([bytes('h'), bytes('i')]));
      return { ...scene, said: sent.outcomes.map((o) => String(o.reply)) };
    };

    it.each<[string, DeliveryScript, 'all' | 'any', RegExp]>([
      ['all have it', {}, 'all', /^250 2\.0\.0 Ok: forwarded/],
      [
        'one is refused',
        { commit: (who) => (who === 'bob@y.example' ? NO : reply(250, '2.0.0', 'ok')) },
        'all',
        /^550 5\.1\.1 the message can/,
      ],
      [
        'one is refused, and any will do',
        { commit: (who) => (who === 'bob@y.example' ? NO : reply(250, '2.0.0', 'ok')) },
        'any',
        /^250/,
      ],
      [
        'one is deferred',
        { commit: (who) => (who === 'bob@y.example' ? LATER : reply(250, '2.0.0', 'ok')) },
        'any',
        /^452 4\.2\.2 the message can/,
      ],
      ['one is refused, one deferred', { commit: (who) => (who === 'bob@y.example' ? LATER : NO) }, 'all', /^452/],
      ['all are refused', { commit: () => NO }, 'any', /^550/],
    ])('where %s', async (_, script, require, expected) => {
      const { said, log } = await outcomesOf(script, { require });
      expect(said[0]).toMatch(expected);
      expect(log.length > 0).toBe(script.commit !== undefined);
    });

    it('and who fails does no harm to the others', async () => {
      let n = 0;
      const { said, leftovers, went } = await outcomesOf({
        body: async (body) => {
          n += 1;
          const mine = n;
          for await (const chunk of body)
            if (mine === 1) throw new SmtpError(reply(552, '5.3.4', 'too big'), `boom ${chunk.length}`);
        },
      });
      expect(said.map((text) => text.slice(0, 3)).toSorted()).toEqual(['250', '552']);
      expect(went()).toEqual([]);
      expect(await leftovers()).toEqual([]);
    });

    it('which who came to the same address share', async () => {
      const { said } = await outcomesOf(
        { commit: (who) => (who === 'ann@x.example' ? LATER : reply(250, '2.0.0', 'ok')) },
        {},
        ['ann@x.example', 'info@x.example', 'team@x.example', 'ANN@x.example', 'zoe@x.example'],
      );
      expect(said).toEqual([
        '452 4.2.2 bob has too much',
        '452 4.2.2 the message can not be forwarded now, try again later',
        '452 4.2.2 the message can not be forwarded now, try again later',
        '452 4.2.2 bob has too much',
        '250 2.0.0 ok',
      ]);
    });

    it('and a message that goes one way fails in its own words', async () => {
      const { strategy, to } = forward({ body: () => Promise.reject(new Error('mine')) });
      await expect(deliver(strategy, ['info@x.example'], bodyOf([bytes('x')]))).rejects.toThrow('mine');
      expect(to.open).toBe(0);
    });
  });

  describe('refuses what comes round again (attack A20)', () => {
    it.each([
      ['Delivered-To: info@x.example\r\n'],
      ['A: 1\r\ndelivered-to:  <INFO@X.example> \r\n'],
      ['Delivered-To: a@x.example\r\nDelivered-To: info@x.example\r\n'],
      ['Delivered-To:\r\n info@x.example\r\n'],
    ])('%j', async (fields) => {
      for (const body of [bodyOf([bytes(`${fields}\r\nhi`)]), bodyOfHeld(heldBytes(bytes(`${fields}\r\nhi`)))]) {
        const { strategy, went, leftovers, to } = forward();
        const sent = await deliver(strategy, ['info@x.example', 'zoe@x.example'], body);
        expect(sent.outcomes.map((o) => String(o.reply))).toEqual([
          '554 5.4.6 the message was here before: it is forwarded in a loop',
          '250 2.0.0 Ok: kept for the test',
        ]);
        expect(went().map((text) => text.replace(/.* to /, ''))).toEqual(['zoe@x.example']);
        expect(await leftovers()).toEqual([]);
        expect(to.calls.filter((call) => call === 'commit')).toHaveLength(1);
      }
    });

    it('and not what only looks like it', async () => {
      const { strategy } = forward();
      const message =
        'Subject: Delivered-To: info@x.example\r\nX-Delivered-To: info@x.example\r\nDelivered-To: info@y.example\r\n\r\nDelivered-To: info@x.example\r\n';
      expect(codes(await deliver(strategy, ['info@x.example'], bytes(message)))).toEqual([250]);
    });

    it('reads it to its end if nobody gets it', async () => {
      const { strategy, leftovers } = forward();
      let read = 0;
      const body = bodyOf(
        (async function* () {
          for (; read < 5; read += 1) yield bytes(read === 0 ? 'Delivered-To: info@x.example\r\n\r\n' : 'x');
        })(),
      );
      expect(codes(await deliver(strategy, ['info@x.example'], body))).toEqual([554]);
      expect(read).toBe(5);
      expect(await leftovers()).toEqual([]);
    });

    it('and whoever was to have it for somebody else too still gets it', async () => {
      const { strategy, went, leftovers } = forward();
      const message = bytes('Delivered-To: info@x.example\r\n\r\nhi');
      const sent = await deliver(strategy, ['info@x.example', 'team@x.example', 'ann@x.example'], message);
      expect(codes(sent)).toEqual([554, 250, 250]);
      expect(went()).toEqual([
        'Delivered-To: team@x.example|Delivered-To: info@x.example||hi to ann@x.example',
        'Delivered-To: team@x.example|Delivered-To: info@x.example||hi to bob@y.example',
      ]);
      expect(await leftovers()).toEqual([]);
    });

    it('or hears why not', async () => {
      let asked = 0;
      const { strategy, went, leftovers } = forward({
        recipient: (who) => (who === 'ann@x.example' && ++asked > 1 ? LATER : undefined),
      });
      const message = bytes('Delivered-To: info@x.example\r\n\r\nhi');
      const sent = await deliver(strategy, ['info@x.example', 'ann@x.example', 'zoe@x.example'], message);
      expect(sent.outcomes.map((o) => String(o.reply)).slice(0, 2)).toEqual([
        '554 5.4.6 the message was here before: it is forwarded in a loop',
        '452 4.2.2 bob has too much',
      ]);
      expect(went()).toHaveLength(1);
      expect(await leftovers()).toEqual([]);
    });
  });

  it('passes on that the client has gone, and blames nobody', async () => {
    for (const to of [['info@x.example'], ['info@x.example', 'zoe@x.example']]) {
      for (const before of ['', 'A: 1\r\n\r\n']) {
        const { strategy, log, went, leftovers } = forward();
        const broken = bodyOf(
          (async function* () {
            yield bytes(before);
            throw new BodyAborted('gone');
          })(),
        );
        await expect(deliver(strategy, to, broken)).rejects.toThrow(BodyAborted);
        expect([log, went(), await leftovers()]).toEqual([[], [], []]);
      }
    }
  });

  it('asks for one recipient after another, since two may come to one address', async () => {
    const { strategy, to } = forward();
    const { transaction } = await openDelivery(strategy, []);
    const answers = await Promise.all(
      ['team@x.example', 'info@x.example', 'ann@x.example'].map((address) =>
        transaction.recipient(testRecipient(address)),
      ),
    );
    expect(answers).toEqual([undefined, undefined, undefined]);
    expect(to.calls.filter((call) => call === 'recipient ann@x.example')).toHaveLength(1);
    await transaction.abort('test');
    expect(to.open).toBe(0);
  });

  it('promises and wants what the delivery does', () => {
    const { strategy } = forward({ durability: 'disk', wholeMessage: true });
    expect([strategy.durability, strategy.wholeMessage, strategy.offers]).toEqual(['disk', true, undefined]);
  });
});

describe('the plugin', () => {
  it('contributes the strategy forward', () => {
    expect(forwardPlugin.nested).toEqual({ to: 'delivery' });
    expect(contributionsOf(forwardPlugin)).toEqual([{ kind: 'delivery', name: 'forward', value: ForwardDelivery }]);
  });

  it('refuses options that it does not know, and aliases that are none', () => {
    const to = new ScriptedDelivery();
    const parse = (options: object) => forwardOptions.safeParse({ to, ...options });
    expect(parse({ lookup: { map: {} } }).success).toBe(true);
    expect(parse({}).success).toBe(false);
    expect(parse({ lookup: { map: { 'a@x.example': 'nobody' } } }).error?.issues[0]?.path).toEqual([
      'lookup',
      'map',
      'a@x.example',
    ]);
    expect(parse({ lookup: { map: {} }, words: 'x' }).success).toBe(false);
  });
});
