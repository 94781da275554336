/** The contract suite of mechanisms finds what is wrong with a mechanism. */
import type { Authenticator, SaslMechanism, SaslStep } from '@mailverb/contract';
import { failuresOf } from './collect-failures.js';
import { describeMechanism, type MechanismSuite } from './describe-mechanism.js';

const MALFORMED: SaslStep = { type: 'failure', kind: 'malformed', reason: 'not three words' };
const WRONG: SaslStep = { type: 'failure', kind: 'credentials', reason: 'wrong password' };
const NOT_ALLOWED: SaslStep = { type: 'failure', kind: 'authorization', reason: 'may not act as that' };

/** `name password [authzid]`, with `;` in between. */
type Words = readonly [name: string, password: string, authzid: string];

/** What the mechanism does with its words; each can be replaced by something worse. */
interface Parts {
  readonly name: string;
  readonly offered: (authenticator: Authenticator) => boolean;
  readonly parse: (text: string) => Words | undefined;
  readonly claim: (words: Words, proceed: () => Promise<SaslStep>) => SaslStep | Promise<SaslStep>;
  readonly check: (words: Words, authenticator: Authenticator, session: Session) => Promise<SaslStep>;
  readonly begin: (begin: SaslMechanism['begin']) => SaslMechanism['begin'];
}

type Session = Parameters<SaslMechanism['begin']>[0];

const GOOD: Parts = {
  name: 'XTEST',
  offered: ({ password }) => password !== undefined,
  parse: (text) => {
    const [name = '', password = '', authzid = '', ...more] = text.split(';');
    const printable = /^[ -~]{1,600}$/.test(text) && name.length <= 255;
    return printable && name !== '' && password !== '' && more.length === 0 ? [name, password, authzid] : undefined;
  },
  claim: ([name], proceed) => ({ type: 'claim', name, proceed }),
  check: async ([name, password, authzid], authenticator, session) => {
    const proved = await authenticator.password?.(name, password, session);
    if (typeof proved !== 'string' || proved === '') return WRONG;
    if (authzid === '' || authzid === proved) return { type: 'success', name: proved };
    return (await authenticator.mayActAs?.(proved, authzid, session)) === true
      ? { type: 'success', name: authzid }
      : NOT_ALLOWED;
  },
  begin: (begin) => begin,
};

function mechanism(authenticator: Authenticator, overrides: Partial<Parts>): SaslMechanism {
  const { name, offered, parse, claim, check, begin } = { ...GOOD, ...overrides };
  return {
    name,
    offered: () => offered(authenticator),
    begin: begin((session) => ({
      step: (response) => {
        if (response === undefined) return { type: 'challenge', data: new Uint8Array(0) };
        const words = parse(Buffer.from(response).toString('latin1'));
        return words === undefined ? MALFORMED : claim(words, () => check(words, authenticator, session));
      },
    })),
  };
}

const SUITE: MechanismSuite = {
  asks: 'password',
  client: (who, authzid) => () => Buffer.from([who.name, who.password, authzid ?? ''].join(';')),
};

const failures = (overrides: Partial<Parts>): Promise<readonly string[]> =>
  failuresOf(() => describeMechanism('XTEST', (authenticator) => mechanism(authenticator, overrides), SUITE));

describe('describeMechanism', () => {
  it('finds nothing wrong with a good mechanism', async () => {
    expect(await failures({})).toEqual([]);
  });

  it.each<[string, Partial<Parts>, string]>([
    ['another name', { name: 'XTOAST' }, 'has a name'],
    ['that it is offered where nobody can answer', { offered: () => true }, 'is offered where'],
    ['that it is offered nowhere', { offered: () => false }, 'is offered where'],
    [
      'somebody who is let in unproved',
      { check: ([name]) => Promise.resolve({ type: 'success', name }) },
      "never accepts without the authenticator's word",
    ],
    [
      'anything that is taken for a name',
      {
        check: async ([name, password], authenticator, session) => {
          const said = await authenticator.password?.(name, password, session);
          return said === undefined ? WRONG : { type: 'success', name: said };
        },
      },
      'takes for a name only what is one',
    ],
    [
      'a check before the claim',
      {
        claim: async (words, proceed) => {
          const step = await proceed();
          return { type: 'claim', name: words[0], proceed: () => step };
        },
      },
      'asks the authenticator once',
    ],
    ['a check without a claim', { claim: (_words, proceed) => proceed() }, 'accepts who proves to be somebody'],
    [
      'a second claim',
      { claim: ([name], proceed) => ({ type: 'claim', name, proceed: () => ({ type: 'claim', name, proceed }) }) },
      "never accepts without the authenticator's word",
    ],
    [
      'a claim of something that is no name',
      {
        parse: (text) => {
          const [name = '', password = '', authzid = ''] = text.split(';');
          return [name, password, authzid];
        },
      },
      'makes sense of whatever is sent',
    ],
    [
      'a throw',
      { parse: (text) => GOOD.parse(decodeURIComponent(text.replace('\0', '%'))) },
      'makes sense of whatever is sent',
    ],
    [
      'a secret in a reason',
      {
        check: async (words, authenticator, session) => {
          const step = await GOOD.check(words, authenticator, session);
          return step.type === 'failure' ? { ...step, reason: `not with ${words[1]}` } : step;
        },
      },
      'refuses who does not',
    ],
    [
      'a secret that the exchange shows',
      {
        begin: (begin) => (session) => {
          const exchange = begin(session);
          const shown = { last: '', step: exchange.step };
          shown.step = (response) => {
            shown.last = Buffer.from(response ?? []).toString('hex');
            return exchange.step(response);
          };
          return shown;
        },
      },
      "never accepts without the authenticator's word",
    ],
    [
      'an authzid that is ignored',
      { check: ([name, password], ...more) => GOOD.check([name, password, ''], ...more) },
      'refuses if not',
    ],
    [
      'an authzid that is always granted',
      {
        check: async (words, ...more) => {
          const step = await GOOD.check(words, ...more);
          return step === NOT_ALLOWED ? { type: 'success', name: words[2] } : step;
        },
      },
      'refuses if not',
    ],
    [
      'an authenticator that can not tell and is not believed',
      { check: (...all) => GOOD.check(...all).catch(() => WRONG) },
      'rejects when the authenticator can not tell',
    ],
    [
      'a name that is unknown, told apart',
      {
        check: async (words, ...more) => {
          const step = await GOOD.check(words, ...more);
          return step === WRONG && words[0] === 'nobody' ? { ...WRONG, reason: 'unknown' } : step;
        },
      },
      'answers somebody unknown',
    ],
    [
      'another name than the authenticator says',
      {
        check: async (words, ...more) => {
          const step = await GOOD.check(words, ...more);
          return step.type === 'success' && words[2] === '' ? { ...step, name: words[0] } : step;
        },
      },
      'under the name that the authenticator says',
    ],
  ])('finds %s', async (_what, overrides, failed) => {
    expect(await failures(overrides)).toContainEqual(expect.stringContaining(failed));
  });

  it('finds exchanges that mix', async () => {
    const make = (authenticator: Authenticator): SaslMechanism => {
      let last: Words | undefined;
      return mechanism(authenticator, {
        claim: (words, proceed) => ((last = words), GOOD.claim(words, proceed)),
        check: (words, ...more) => GOOD.check(last ?? words, ...more),
      });
    };
    const failed = await failuresOf(() => describeMechanism('XTEST', make, SUITE));
    expect(failed).toEqual([expect.stringContaining('two at once')]);
  });

  it('finds a view that is kept too long', async () => {
    const make = (authenticator: Authenticator): SaslMechanism => ({
      ...mechanism(authenticator, {}),
      begin: (session) => ({
        step: (response) => ({
          type: 'claim',
          name: 'ann',
          proceed: async () => {
            const words = GOOD.parse(Buffer.from(response ?? []).toString('latin1'));
            return words === undefined ? MALFORMED : GOOD.check(words, authenticator, session);
          },
        }),
      }),
    });
    const failed = await failuresOf(() => describeMechanism('XTEST', make, SUITE));
    expect(failed).toContainEqual(expect.stringContaining('accepts who proves to be somebody, with'));
  });
});
