/** HELP: the verbs of the listener, and each one's line. */
import type { VerbTable } from '@mailverb/contract';
import { PHASE_TABLE, Reply } from '@mailverb/protocol';
import { contributionsOf, describeVerb, testSession } from '@mailverb/testing';
import { HelpVerb } from './help.verb.js';
import helpPlugin from './plugin.js';

const table = (names: readonly string[]): VerbTable => ({
  list: () =>
    names.map((name) => ({ name, help: name === 'RCPT' ? 'RCPT TO:<forward-path> [parameters]' : undefined })),
});
const RFC5321 = Object.keys(PHASE_TABLE).filter((name) => !/^(?:STARTTLS|AUTH|X.*)$/.test(name));
const make = (names: readonly string[] = RFC5321.toSorted()): HelpVerb => new HelpVerb(table(names));

describeVerb('help', make, {
  args: ['', 'RCPT', 'rcpt', 'DATA'],
  refuses: ['XYZZY', 'RCPT TO', 'R\u017fET', 'QU\u0131T', '__proto__', 'constructor'],
});

function said(args: string, verb = make()): string {
  const params = verb.parse(args, testSession());
  return (params instanceof Reply ? params : verb.perform(params).reply).wire(true);
}

describe('HELP', () => {
  it('lists the verbs in lines of readable length', () => {
    expect(said('')).toBe(
      [
        '214-2.0.0 I understand',
        '214-2.0.0 BDAT DATA EHLO EXPN HELO HELP LHLO MAIL NOOP QUIT RCPT RSET',
        '214 2.0.0 VRFY',
        '',
      ].join('\r\n'),
    );
    const many = Array.from({ length: 200 }, (_, i) => `XVERB${i}`);
    const lines = said('', make(many)).split('\r\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(72);
    expect(lines.join(' ').match(/XVERB\d+/g)).toEqual(many);
  });

  it('shows the line of one verb, in any case of letters, or its name if it has none', () => {
    expect(said('rcpt')).toBe('214 2.0.0 RCPT TO:<forward-path> [parameters]\r\n');
    expect(said('Data')).toBe('214 2.0.0 DATA\r\n');
  });

  it('does not repeat what it does not know (attack A6)', () => {
    expect(said('xyzzy')).toBe('504 5.5.4 no help on that\r\n');
  });

  it('knows what exists for the session that asks, and nothing else', () => {
    const verb = new HelpVerb({
      list: ({ trustedPeer }) => [{ name: trustedPeer ? 'XCLIENT' : 'NOOP', help: undefined }],
    });
    expect(verb.parse('XCLIENT', testSession())).toBeInstanceOf(Reply);
    expect(verb.parse('XCLIENT', testSession({ trustedPeer: true }))).not.toBeInstanceOf(Reply);
  });

  it('asks for the verbs no sooner than somebody asks for help, when all are there', () => {
    const names: string[] = [];
    const verb = new HelpVerb({ list: () => names.map((name) => ({ name, help: undefined })) });
    names.push('HELP');
    expect(said('HELP', verb)).toBe('214 2.0.0 HELP\r\n');
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(helpPlugin.name).toBe('verb-help');
  expect(contributionsOf(helpPlugin)).toEqual([{ kind: 'verb', name: undefined, value: HelpVerb }]);
});
