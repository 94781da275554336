/** The contract suite of verbs finds what is wrong with a verb. */
import { slot, type Session, type Verb, type VerbStep } from '@mailverb/contract';
import { Reply, reply } from '@mailverb/protocol';
import { failuresOf } from './collect-failures.js';
import { describeVerb } from './describe-verb.js';

const OK = reply(250, '2.0.0', 'Ok');

function verb(overrides: Partial<Verb<string>> = {}): Verb<string> {
  return {
    name: 'XTEST',
    phases: ['greeted'],
    help: 'XTEST [text]',
    parse: (args) => (args === 'bad' ? reply(501, '5.5.4', 'no') : args),
    perform: () => ({ reply: OK }),
    ...overrides,
  };
}

const failures = (overrides: Partial<Verb<string>>, name = 'xtest'): Promise<readonly string[]> =>
  failuresOf(() => describeVerb(name, () => verb(overrides), { args: ['x'], refuses: ['bad'] }));

const ANSWER = expect.stringContaining('well-formed answer');

describe('describeVerb', () => {
  it('finds nothing wrong with a good verb', async () => {
    expect(await failures({})).toEqual([]);
  });

  it.each<[string, Partial<Verb<string>>, unknown]>([
    ['no phases', { phases: [] }, expect.stringContaining('where it is legal')],
    ['a phase named twice', { phases: ['greeted', 'greeted'] }, expect.stringContaining('where it is legal')],
    ['another verb in its help', { help: 'YTEST' }, expect.stringContaining('line for HELP')],
    ['no refusal where one is due', { parse: (args) => args }, 'refuses "bad"'],
    [
      'a parser that throws',
      { parse: (args) => (args === 'bad' ? reply(501, '5.5.4', 'no') : decodeURIComponent(args.replace('\0', '%'))) },
      ANSWER,
    ],
    ['no enhanced status code', { perform: () => ({ reply: reply(250, undefined, 'Ok') }) }, ANSWER],
    ['an enhanced status code of another class', { perform: () => ({ reply: new Reply(250, '5.0.0', ['']) }) }, ANSWER],
    ['an echo', { perform: (text) => ({ reply: reply(250, '2.0.0', text) }) }, ANSWER],
    [
      'an effect of a refusal that will not be carried out',
      { perform: () => ({ reply: reply(550, '5.0.0', 'no'), effect: { type: 'reset' } }) },
      ANSWER,
    ],
    [
      'a count that is no number (attack A3)',
      { perform: (text) => ({ reply: OK, effect: { type: 'skip-chunk', octets: Number(text) } }) },
      ANSWER,
    ],
    ['a malformed effect of a refusal', { refusalEffect: () => ({ type: 'skip-chunk', octets: -1 }) }, ANSWER],
    ['a positive reply of parse', { parse: (args) => (args.length > 1 ? reply(250, '2.0.0', 'ok') : args) }, ANSWER],
    [
      'a question about another session',
      {
        question: (_text, session) => ({ stage: 'helo', input: { session: { ...session }, name: 'x', verb: 'HELO' } }),
      },
      expect.stringContaining('asks the policies about this session'),
    ],
  ])('finds %s', async (_what, overrides, failed) => {
    expect(await failures(overrides)).toContainEqual(failed);
  });

  it('tries a verb in the sessions in which it exists', async () => {
    const trusting = () => verb({ available: ({ trustedPeer }) => trustedPeer });
    const suite = { args: ['x'], refuses: ['bad'] };
    expect(await failuresOf(() => describeVerb('xtest', trusting, suite))).toEqual([
      'understands "x" wherever it is legal',
    ]);
    const session = { trustedPeer: true };
    expect(await failuresOf(() => describeVerb('xtest', trusting, { ...suite, session }))).toEqual([]);
  });

  it('goes the way of its questions to the end', async () => {
    const asking = (session: Session): VerbStep => ({
      ask: { stage: 'auth', input: { session, mechanism: 'PLAIN', identity: 'ann' } },
      proceed: () => Promise.resolve({ reply: reply(235, '2.7.0', 'welcome') }),
    });
    expect(await failures({ perform: (_text, session) => asking(session) })).toEqual([]);
    const failed = await failures({ perform: (_text, session) => asking({ ...session }) });
    expect(failed).toContain('understands "x" wherever it is legal');
  });

  it('finds another name', async () => {
    expect(await failures({}, 'ytest')).toEqual(['has a name as it stands in a command, upper case']);
  });

  it('finds that it strays from the phase table', async () => {
    const failed = await failuresOf(() => describeVerb('data', () => verb({ name: 'DATA', help: 'DATA' })));
    expect(failed).toEqual([expect.stringContaining('as RFC 5321 says')]);
  });

  it('finds what is remembered from one command to the next', async () => {
    const make = (): Verb<string> => {
      let last = 0;
      return verb({ perform: (text) => ({ reply: reply(250, '2.0.0', `${(last += text.length)}`) }) });
    };
    const failed = await failuresOf(() => describeVerb('xtest', make, { args: ['x'] }));
    expect(failed).toEqual([expect.stringContaining('holds nothing of a session')]);
  });

  it('finds that a session is changed', async () => {
    const changing = verb({ perform: (_text, session) => (Object.assign(session, { phase: 'mail' }), { reply: OK }) });
    const failed = await failuresOf(() => describeVerb('xtest', () => changing, { args: ['x'] }));
    expect(failed).toContain('understands "x" wherever it is legal');
  });

  it('lets a verb use its slots', async () => {
    const seen = slot<string>('seen', 'connection');
    const failed = await failures({ perform: (text, session) => (session.set(seen, text), { reply: OK }) });
    expect(failed).toEqual([]);
  });
});
