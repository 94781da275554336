/** The contract suite of extensions finds what is wrong with an extension. */
import type { Extension, MailParameterHandler } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { failuresOf } from './collect-failures.js';
import { describeExtension, type ExtensionSuite } from './describe-extension.js';

const BAD = reply(501, '5.5.4', 'bad value');
const ENVID: MailParameterHandler = {
  verb: 'MAIL',
  keyword: 'ENVID',
  parse: (value) => (value !== undefined && /^[a-z]+$/.test(value) ? value : BAD),
};
const SUITE: ExtensionSuite = { parameters: { 'MAIL ENVID': { takes: [['abc', 'abc']], refuses: [undefined, 'A'] } } };

function failures(overrides: Partial<Extension>, suite = SUITE, name = 'XTEST'): Promise<readonly string[]> {
  const make = (): Extension => ({ keyword: 'XTEST', parameters: [ENVID], ...overrides });
  return failuresOf(() => describeExtension(name, make, suite));
}

const parsing = (parse: MailParameterHandler['parse']): Partial<Extension> => ({
  parameters: [{ verb: 'MAIL', keyword: 'ENVID', parse: (value, session) => String(parse(value, session)) }],
});

const HARMLESS = 'MAIL ENVID makes something harmless of whatever is written there (attacks A6, A8, A10)';

describe('describeExtension', () => {
  it('finds nothing wrong with a good extension', async () => {
    expect(await failures({})).toEqual([]);
  });

  it('finds another keyword, or one that is none', async () => {
    expect(await failures({}, SUITE, 'YTEST')).toHaveLength(1);
    expect(await failures({ keyword: 'X TEST' }, SUITE, 'X TEST')).toHaveLength(1);
  });

  it.each(['', ' x', 'x  y', 'x\r\n250 Y', 'é', 'x'.repeat(510)])('finds the argument %j', async (argument) => {
    expect(await failures({ argument: () => argument })).toEqual([
      expect.stringContaining('has an argument that fits'),
    ]);
  });

  it('finds an argument that is another each time', async () => {
    let count = 0;
    expect(await failures({ argument: () => `${count++}` })).toHaveLength(1);
  });

  it('finds a command line that shrinks', async () => {
    expect(await failures({ commandLineOctets: -1 })).toHaveLength(1);
  });

  it('finds a parameter that is owned twice, or that the suite does not know', async () => {
    expect(await failures({ parameters: [ENVID, ENVID] })).toContainEqual(expect.stringContaining('owns parameters'));
    expect(await failures({}, {})).toContainEqual(expect.stringContaining('owns parameters'));
  });

  it('finds values that mean something else, and bad ones that are taken', async () => {
    expect(await failures(parsing((value) => value?.toUpperCase() ?? ''))).toEqual(
      expect.arrayContaining(['MAIL ENVID takes $value', 'MAIL ENVID refuses $value']),
    );
  });

  it('finds a value that takes another letter for one of ASCII (attack A6)', async () => {
    const parse = (value: string | undefined): string => (value?.toUpperCase() === 'THIS' ? 'this' : 'that');
    const suite: ExtensionSuite = { parameters: { 'MAIL ENVID': { takes: [['this', 'this']], refuses: [] } } };
    expect(await failures({ parameters: [{ verb: 'MAIL', keyword: 'ENVID', parse }] }, suite)).toEqual([
      'MAIL ENVID does not take a letter for another that looks like it (attack A6)',
    ]);
  });

  it('finds a value that lets control characters through (attack A6)', async () => {
    expect(await failures(parsing((value) => value ?? ''))).toContain(HARMLESS);
  });

  it('finds a parser that throws', async () => {
    expect(await failures(parsing((value) => decodeURIComponent((value ?? '').replace('\0', '%'))))).toContain(
      HARMLESS,
    );
  });

  it('finds a refusal without an enhanced status code', async () => {
    const bare = reply(501, undefined, 'bad value');
    const handler: MailParameterHandler = { verb: 'MAIL', keyword: 'ENVID', parse: () => bare };
    expect(await failures({ parameters: [handler] })).toContain(HARMLESS);
  });

  it('finds what is remembered from one value to the next', async () => {
    const make = (): Extension => {
      let last = '';
      const parse = (value: string | undefined): string => ([last] = [`${last.length}${value?.length}`])[0] ?? '';
      return { keyword: 'XTEST', parameters: [{ verb: 'MAIL', keyword: 'ENVID', parse }] };
    };
    const suite: ExtensionSuite = { parameters: { 'MAIL ENVID': { takes: [], refuses: [] } } };
    const failed = await failuresOf(() => describeExtension('XTEST', make, suite));
    expect(failed).toEqual(['MAIL ENVID means the same whatever was said before, and by whom']);
  });
});
