/** MAIL: the reverse-path, its parameters, and when a UTF-8 address is understood. */
import type { MailParameters } from '@mailverb/contract';
import { Reply, reply } from '@mailverb/protocol';
import { contributionsOf, describeVerb, testCapabilities, testMailbox, testSession } from '@mailverb/testing';
import { MailVerb, type MailParams } from './mail.verb.js';
import mailPlugin from './plugin.js';

const TOO_BIG = reply(552, '5.3.4', 'too big');

// As much of the real thing as the verb can see: parameters by their words.
function readParameters(text: string): MailParameters | Reply {
  const parameters: MailParameters = {};
  for (const word of text.trim().split(/ +/)) {
    if (word === 'SMTPUTF8') parameters.SMTPUTF8 = true;
    else if (word === 'SIZE=1') parameters.SIZE = 1;
    else if (word === 'SIZE=2') return TOO_BIG;
    else return reply(555, '5.5.4', 'unknown');
  }
  return parameters;
}

const make = (): MailVerb => new MailVerb(testCapabilities({ mailParameters: readParameters }));
const extended = testSession({ phase: 'greeted' });
const plain = testSession({ phase: 'greeted', extended: false });

describeVerb('mail', make, {
  args: ['FROM:<a@example.org>', 'from:<>', 'FROM:<a@example.org> SIZE=1', 'FROM:<\u00e9@example.org> SMTPUTF8'],
  refuses: ['', 'FROM', 'FROM:', 'FROM:a@example.org', 'TO:<a@example.org>', 'FROM:<a@example.org> X=1'],
});

function parsed(args: string, session = extended): MailParams {
  const params = make().parse(args, session);
  if (params instanceof Reply) throw new Error(String(params));
  return params;
}

describe('MAIL', () => {
  it('opens a transaction with the reverse-path and what the parameters said', () => {
    const params = parsed('FROM:<Joe@Example.org> SIZE=1');
    const { reply: answer, effect } = make().perform(params);
    expect(String(answer)).toBe('250 2.1.0 Ok');
    expect(effect).toEqual({
      type: 'begin',
      reversePath: testMailbox('Joe@example.org'),
      parameters: { SIZE: 1 },
    });
  });

  it('takes the null reverse-path', () => {
    expect(parsed('FROM:<>')).toEqual({ reversePath: null, parameters: {} });
  });

  it('asks the policies of stage mail', () => {
    const params = parsed('FROM:<a@example.org> SIZE=1');
    expect(make().question(params, extended)).toEqual({
      stage: 'mail',
      input: { session: extended, reversePath: params.reversePath, parameters: { SIZE: 1 } },
    });
  });

  it.each([
    ['FROM:<a@example.org> SIZE=2', '552 5.3.4'],
    ['FROM:<a@example.org> X-UNKNOWN', '555 5.5.4'],
    ['FROM:<\u00e9@example.org>', '553 5.6.7'],
    ['FROM:<a@b\u00fccher.example>', '553 5.6.7'],
    ['FROM:<\u00e9@example.org> SIZE=1', '553 5.6.7'],
    ['FROM:<a@example.org', '501 5.1.7'],
    ['<a@example.org>', '501 5.5.2'],
  ])('%s is answered %s', (args, expected) => {
    expect(String(make().parse(args, extended))).toContain(expected);
  });

  it('knows no parameters after HELO, not even good ones', () => {
    expect(String(make().parse('FROM:<a@example.org> SIZE=1', plain))).toBe('555 5.5.4 parameters need EHLO');
    expect(parsed('FROM:<a@example.org>', plain).parameters).toEqual({});
  });

  it('understands a UTF-8 address where SMTPUTF8 is said', () => {
    const { reversePath, parameters } = parsed('FROM:<\u00e9@b\u00fccher.example> SMTPUTF8');
    expect(reversePath?.local).toBe('\u00e9');
    expect(reversePath?.domain).toBe('xn--bcher-kva.example');
    expect(parameters.SMTPUTF8).toBe(true);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(mailPlugin.name).toBe('verb-mail');
  expect(contributionsOf(mailPlugin)).toEqual([{ kind: 'verb', name: undefined, value: MailVerb }]);
});
