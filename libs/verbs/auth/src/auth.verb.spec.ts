/** AUTH: what it takes, and what it says. How failures are counted is in failures.spec.ts, what must not be seen in secrets.spec.ts. */
import type { Mechanisms, SaslStep } from '@mailverb/contract';
import { Store } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { FakeClock, contributionsOf, describeVerb, testListener, testSession, testTls } from '@mailverb/testing';
import { MapStore, Scene, TestMechanism, base64, claim, octets, offering, scripted } from './auth.fixture.js';
import { authOptions } from './auth.options.js';
import { AuthVerb } from './auth.verb.js';
import authPlugin from './plugin.js';

const ANN = base64('ann:nna');
const WRONG = base64('ann:wrong');
const SUCCESS: SaslStep = { type: 'success', name: 'ann' };

const identified = (name: string, mechanism: string) => ({
  type: 'identify',
  identity: { name, mechanism },
});

function make(): AuthVerb {
  const clock = new FakeClock();
  return new AuthVerb(authOptions.parse({}), offering(new TestMechanism()), new MapStore(clock), clock);
}

describeVerb('auth', make, {
  args: [`TEST ${ANN}`, `test ${ANN}`, `TEST  ${ANN}`],
  refuses: [
    '',
    ' ',
    'TEST a',
    'TEST ====',
    `TEST ${ANN} x`,
    'NOTEST',
    'te\u017ft',
    `TEST\t${ANN}`,
    'TEST \u00e4\u00f6',
  ],
});

describe('AUTH', () => {
  it('lets somebody in by an initial response', async () => {
    const scene = new Scene(offering(new TestMechanism()));
    const { reply: said, outcome, challenges, ms } = await scene.auth(scene.session(), `TEST ${ANN}`);
    expect(said).toBe('235 2.7.0 authentication successful');
    expect(outcome?.effect).toEqual(identified('ann', 'TEST'));
    expect(challenges).toEqual([]);
    expect(ms).toBe(0);
  });

  it('lets somebody in by an answer to a challenge', async () => {
    const scene = new Scene(offering(new TestMechanism()));
    const { outcome, challenges } = await scene.auth(scene.session(), 'TEST', ANN);
    expect(outcome?.effect).toEqual(identified('ann', 'TEST'));
    expect(challenges).toEqual([`334 ${base64('who?')}`]);
  });

  it('asks the policies of stage auth before anything is counted or checked', async () => {
    const mechanism = new TestMechanism();
    const scene = new Scene(offering(mechanism));
    const session = scene.session();
    scene.policies = () => reply(535, '5.7.8', 'not today');
    expect((await scene.auth(session, `TEST ${ANN}`)).reply).toBe('535 5.7.8 not today');
    expect(scene.asked).toEqual([{ stage: 'auth', input: { session, mechanism: 'TEST', identity: 'ann' } }]);
    expect([mechanism.checks, scene.store.updates]).toEqual([0, 0]);
  });

  it('asks the policies again of whom the client will act as, where that is another than it said', async () => {
    const mechanism = scripted('TEST', claim('ann', { type: 'success', name: 'boss@example.org' }));
    const scene = new Scene(offering(mechanism));
    const identities = () =>
      scene.asked.map((question) => (question as { readonly input: { readonly identity: string } }).input.identity);
    expect((await scene.auth(scene.session(), 'TEST')).outcome?.effect).toEqual(identified('boss@example.org', 'TEST'));
    expect(identities()).toEqual(['ann', 'boss@example.org']);
    scene.policies = ({ input }) =>
      JSON.stringify(input).includes('boss') ? reply(535, '5.7.8', 'the boss is away') : undefined;
    const heard = await scene.auth(scene.session(), 'TEST');
    expect([heard.reply, heard.outcome?.effect]).toEqual(['535 5.7.8 the boss is away', undefined]);
  });

  it.each([
    ['TEST', ['*'], '501 5.7.0 authentication cancelled'],
    ['TEST', ['YQ='], '501 5.5.2 expected base64'],
    ['TEST', ['='], '501 5.5.2 expected base64'],
    ['TEST', ['**'], '501 5.5.2 expected base64'],
    ['TEST', ['* '], '501 5.5.2 expected base64'],
    ['TEST', [` ${ANN}`], '501 5.5.2 expected base64'],
    ['TEST', [''], '501 5.5.2 the mechanism does not understand this'],
    ['TEST =', [], '501 5.5.2 the mechanism does not understand this'],
    ['TEST *', [], '501 5.5.2 expected base64'],
    [`TEST ${base64('no colon')}`, [], '501 5.5.2 the mechanism does not understand this'],
    [`TEST ${WRONG}`, [], '535 5.7.8 authentication failed'],
    ['TEST', [WRONG], '535 5.7.8 authentication failed'],
    ['', [], '501 5.5.4 Syntax: AUTH mechanism [initial-response]'],
    [`TEST ${ANN} ${ANN}`, [], '501 5.5.4 Syntax: AUTH mechanism [initial-response]'],
    ['OTHER', [], '504 5.5.4 mechanism not offered'],
    ['__proto__', [], '504 5.5.4 mechanism not offered'],
  ])('%s %j: %s', async (args, lines, expected) => {
    const scene = new Scene(offering(new TestMechanism()));
    const heard = await scene.auth(scene.session(), args, ...lines);
    expect(heard.reply).toBe(expected);
    expect(heard.outcome?.effect).toBeUndefined();
  });

  it('takes "=" for an initial response that is there and empty (RFC 4954 4)', async () => {
    const step = jest.fn(() => claim('ann', SUCCESS));
    const scene = new Scene(offering({ name: 'EXTERNAL', begin: () => ({ step }) }));
    await scene.auth(scene.session(), 'EXTERNAL =');
    await scene.auth(scene.session(), 'EXTERNAL');
    expect(step.mock.calls).toEqual([[Buffer.alloc(0)], [undefined]]);
  });

  it('sends a challenge of any octets, and of none', async () => {
    const data = Uint8Array.from({ length: 257 }, (_, i) => i).subarray(1, 256);
    const steps: SaslStep[] = [
      { type: 'challenge', data },
      { type: 'challenge', data: new Uint8Array(0) },
    ];
    const scene = new Scene(offering(scripted('X', ...steps, claim('ann', SUCCESS))));
    const { challenges, outcome } = await scene.auth(scene.session(), 'X', '', '');
    expect(challenges).toEqual([`334 ${Buffer.from(data).toString('base64')}`, '334 ']);
    expect(outcome?.effect).toEqual(identified('ann', 'X'));
  });

  it("says the mechanism's last word as a challenge whose answer is empty", async () => {
    const last = claim('ann', { type: 'success', name: 'ann', data: octets('v=1') });
    const scene = new Scene(offering(scripted('X', last)));
    const challenged = `334 ${base64('v=1')}`;
    const good = await scene.auth(scene.session(), 'X', '');
    expect(good).toMatchObject({ reply: '235 2.7.0 authentication successful', challenges: [challenged] });
    expect(good.outcome?.effect).toEqual(identified('ann', 'X'));
    const more = await scene.auth(scene.session(), 'X', 'YQ==');
    expect(more).toMatchObject({ reply: '501 5.5.2 the mechanism does not understand this', challenges: [challenged] });
    expect(more.outcome?.effect).toBeUndefined();
    const cancelled = await scene.auth(scene.session(), 'X', '*');
    expect(cancelled.reply).toBe('501 5.7.0 authentication cancelled');
    expect(cancelled.outcome?.effect).toBeUndefined();
    expect((await scene.auth(scene.session(), 'X', '=')).outcome?.effect).toBeUndefined();
  });

  it('says the same to wrong credentials and to right ones that may not act as somebody else; the reason differs', async () => {
    const heard = [];
    for (const kind of ['credentials', 'authorization'] as const) {
      const scene = new Scene(offering(scripted('X', claim('ann', { type: 'failure', kind, reason: 'no' }))));
      heard.push(await scene.auth(scene.session(), 'X'));
    }
    const [one, other] = heard;
    expect(one?.reply).toBe('535 5.7.8 authentication failed');
    expect(other?.reply).toBe(one?.reply);
    expect(other?.ms).toBe(one?.ms);
    expect(heard.map(({ outcome }) => outcome?.reason)).toEqual(['credentials: no (ann)', 'authorization: no (ann)']);
  });

  it('lets nobody in where nobody can tell (attack A26), and tells the log', async () => {
    const down = Object.assign(new Error('connect to 192.0.2.9'), { code: 'ECONNREFUSED' });
    const faulty: readonly (readonly [string, readonly (SaslStep | Error)[], string])[] = [
      ['at once', [down], "can't tell: Error ECONNREFUSED"],
      ['after the claim', [claim('ann', down)], "can't tell: Error ECONNREFUSED"],
      ['success without a claim', [SUCCESS], 'has come to an end without a claim'],
      ['failure without a claim', [{ type: 'failure', kind: 'credentials', reason: 'no' }], 'without a claim'],
      ['two claims', [claim('ann', claim('bob', SUCCESS))], 'has made two claims'],
      ['nobody', [claim('ann', { type: 'success', name: '' })], 'whose name is none'],
      ['a name that breaks lines (attack A6)', [claim('ann', { type: 'success', name: 'a\r\nX: y' })], 'name is none'],
      ['a name with a separator', [claim('ann', { type: 'success', name: 'a\u2028b' })], 'name is none'],
      ['no step', [JSON.parse('{ "type": "accepted" }')], 'no step that there is'],
      ['a claim without a name', [JSON.parse('{ "type": "claim" }')], 'a claim without a name'],
      ['a challenge that is text', [JSON.parse('{ "type": "challenge", "data": "x" }')], 'not of octets'],
    ];
    for (const [title, steps, words] of faulty) {
      const scene = new Scene(offering(scripted('X', ...steps)));
      const { reply: said, outcome, error } = await scene.auth(scene.session(), 'X');
      expect(`${title}: ${said}`).toBe(`${title}: 454 4.7.0 temporary authentication failure, try again later`);
      expect(outcome).toBeUndefined();
      expect(String(error)).toContain(words);
    }
    const scene = new Scene(
      offering({
        name: 'X',
        begin: () => {
          throw down;
        },
      }),
    );
    expect((await scene.auth(scene.session(), 'X')).reply).toContain('454 4.7.0');
  });

  it('takes a name that is not of ASCII', async () => {
    const scene = new Scene(offering(scripted('X', claim('j\u00f6rg', { type: 'success', name: 'j\u00f6rg' }))));
    expect((await scene.auth(scene.session(), 'X')).outcome?.effect).toEqual(identified('j\u00f6rg', 'X'));
  });

  it('keeps exchanges apart that go on at once', async () => {
    const scene = new Scene(offering(new TestMechanism()));
    const names = ['ann', 'bob', 'eve', 'joe'];
    const heard = await Promise.all(
      names.map((name) => scene.auth(scene.session(), 'TEST', base64(`${name}:${[...name].reverse().join('')}`))),
    );
    expect(heard.map(({ outcome }) => outcome?.effect)).toEqual(names.map((name) => identified(name, 'TEST')));
  });
});

describe('where AUTH is', () => {
  const nothing: Mechanisms = { offered: () => [], wantsTls: () => false };
  const afterTls: Mechanisms = {
    offered: ({ tls, identity }) => (tls === undefined || identity !== undefined ? [] : [new TestMechanism()]),
    wantsTls: ({ tls }) => tls === undefined,
  };
  const plain = testSession({ phase: 'greeted', listener: testListener({ tls: 'starttls' }) });
  const secure = { ...plain, tls: testTls() };
  const done = { ...secure, identity: { name: 'ann', mechanism: 'TEST' } };

  it('does not exist where nobody could use it', () => {
    expect(new Scene(nothing).verb.available(plain)).toBe(false);
    expect(String(new Scene(nothing).verb.parse('TEST', plain))).toBe('504 5.5.4 mechanism not offered');
  });

  it('wants TLS first where it would be offered then, whatever is written behind it', () => {
    const { verb } = new Scene(afterTls);
    expect(verb.available(plain)).toBe(true);
    for (const args of [`TEST ${ANN}`, 'OTHER', '', 'TEST ====']) {
      expect(String(verb.parse(args, plain))).toBe('538 5.7.11 encryption required: STARTTLS first');
    }
    expect(verb.available(secure)).toBe(true);
    expect(verb.parse(`TEST ${ANN}`, secure)).toEqual(expect.objectContaining({ begin: expect.any(Function) }));
  });

  it('can be used once, whatever is written behind it', () => {
    const { verb } = new Scene(afterTls);
    expect(verb.available(done)).toBe(true);
    for (const args of [`TEST ${ANN}`, 'OTHER', '', 'TEST ====']) {
      expect(String(verb.parse(args, done))).toBe('503 5.5.1 already authenticated');
    }
  });

  it('hides its arguments, is legal outside transactions, and ends its group', () => {
    expect(make()).toMatchObject({ secret: true, phases: ['greeted'], endsBatch: true });
  });
});

describe('options of AUTH', () => {
  it('have defaults', () => {
    expect(authOptions.parse({}).failures).toMatchObject({
      perAddress: 20,
      perIdentity: 10,
      perSession: 3,
      window: 600_000,
      lockout: 900_000,
      familiar: 2_592_000_000,
      delay: 1000,
      maxDelay: 10_000,
    });
  });

  it.each([
    { failure: {} },
    { failures: { perHost: 3 } },
    { failures: { perAddress: -1 } },
    { failures: { delay: '20s' } },
    { failures: { window: 0 } },
    { failures: { lockout: 0 } },
    { failures: { shared: ['everybody'] } },
  ])('refuse %j', (options) => {
    expect(authOptions.safeParse(options).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(authPlugin.name).toBe('verb-auth');
  expect(authPlugin.needs).toEqual([Store]);
  expect(contributionsOf(authPlugin)).toEqual([{ kind: 'verb', name: undefined, value: AuthVerb }]);
});
