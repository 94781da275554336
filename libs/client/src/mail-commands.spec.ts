import type { MailParameters, RcptParameters } from '@mailverb/contract';
import { parseMailbox, reply, type Mailbox } from '@mailverb/protocol';
import { ServerCapabilities } from './capabilities.js';
import { mailCommand, rcptCommand } from './mail-commands.js';

const EVERYTHING = ['PIPELINING', 'SIZE 1000', '8BITMIME', 'SMTPUTF8', 'DSN', 'CHUNKING', 'BINARYMIME', 'AUTH PLAIN'];
const offering = (...keywords: string[]) => new ServerCapabilities(reply(250, undefined, 'mx', ...keywords));

const mailbox = (text: string): Mailbox => {
  const parsed = parseMailbox(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};
const text = (command: ReturnType<typeof mailCommand>) =>
  'text' in command && typeof command.text === 'string' && 'utf8' in command ? command.text : String(command);
const mail = (from: string, parameters: MailParameters, keywords: readonly string[], authenticated = false) =>
  text(
    mailCommand({ reversePath: from === '' ? null : mailbox(from), parameters }, offering(...keywords), authenticated),
  );
const rcpt = (to: string, parameters: RcptParameters, keywords: readonly string[], smtpUtf8 = false) =>
  text(rcptCommand({ mailbox: mailbox(to), parameters }, offering(...keywords), smtpUtf8));

describe('MAIL as it is sent on', () => {
  it.each<[string, MailParameters, readonly string[], string]>([
    ['', {}, [], 'MAIL FROM:<>'],
    ['a@example.org', {}, EVERYTHING, 'MAIL FROM:<a@example.org>'],
    ['"a b"@example.org', {}, [], 'MAIL FROM:<"a b"@example.org>'],
    ['a@example.org', { SIZE: 10 }, EVERYTHING, 'MAIL FROM:<a@example.org> SIZE=10'],
    ['a@example.org', { SIZE: 10 }, ['SIZE'], 'MAIL FROM:<a@example.org> SIZE=10'],
    ['a@example.org', { SIZE: 10 }, [], 'MAIL FROM:<a@example.org>'],
    ['a@example.org', { SIZE: 1001 }, EVERYTHING, '552 5.3.4 message too big for the next hop'],
    ['a@example.org', { BODY: '7BIT' }, [], 'MAIL FROM:<a@example.org>'],
    ['a@example.org', { BODY: '8BITMIME' }, ['8BITMIME'], 'MAIL FROM:<a@example.org> BODY=8BITMIME'],
    [
      'a@example.org',
      { BODY: '8BITMIME' },
      [],
      '554 5.6.3 the next hop takes no 8-bit data, and messages are not converted',
    ],
    ['a@example.org', { BODY: 'BINARYMIME' }, EVERYTHING, 'MAIL FROM:<a@example.org> BODY=BINARYMIME'],
    [
      'a@example.org',
      { BODY: 'BINARYMIME' },
      ['BINARYMIME'],
      '554 5.6.1 the next hop takes no binary data, and messages are not converted',
    ],
    ['a@example.org', { SMTPUTF8: true }, ['SMTPUTF8'], 'MAIL FROM:<a@example.org> SMTPUTF8'],
    ['a@example.org', { SMTPUTF8: true }, [], '554 5.6.9 the next hop takes no messages with SMTPUTF8'],
    ['\u00e4@example.org', { SMTPUTF8: true }, ['SMTPUTF8'], 'MAIL FROM:<\u00e4@example.org> SMTPUTF8'],
    ['\u00e4@example.org', { SMTPUTF8: true }, [], '550 5.6.7 the next hop takes no addresses in UTF-8'],
    ['a@example.org', { RET: 'HDRS', ENVID: 'a b+c' }, ['DSN'], 'MAIL FROM:<a@example.org> RET=HDRS ENVID=a+20b+2Bc'],
    ['a@example.org', { RET: 'HDRS', ENVID: 'a' }, [], 'MAIL FROM:<a@example.org>'],
    ['a@example.org', { AUTH: 'x@example.org' }, EVERYTHING, 'MAIL FROM:<a@example.org>'],
  ])('%j %j to %j: %s', (from, parameters, keywords, expected) => {
    expect(mail(from, parameters, keywords)).toBe(expected);
  });

  it('says who has submitted it only where we have proved who we are', () => {
    expect(mail('a@example.org', { AUTH: 'x=y@example.org' }, ['AUTH PLAIN'], true)).toBe(
      'MAIL FROM:<a@example.org> AUTH=x+3Dy@example.org',
    );
    expect(mail('a@example.org', { AUTH: '<>' }, ['AUTH PLAIN'], true)).toBe('MAIL FROM:<a@example.org> AUTH=<>');
  });
});

describe('RCPT as it is sent on', () => {
  it.each<[string, RcptParameters, readonly string[], boolean, string]>([
    ['b@example.org', {}, [], false, 'RCPT TO:<b@example.org>'],
    ['postmaster', {}, [], false, 'RCPT TO:<postmaster>'],
    ['b@example.org', { NOTIFY: 'never' }, ['DSN'], false, 'RCPT TO:<b@example.org> NOTIFY=NEVER'],
    [
      'b@example.org',
      { NOTIFY: new Set(['success', 'delay']) },
      ['DSN'],
      false,
      'RCPT TO:<b@example.org> NOTIFY=SUCCESS,DELAY',
    ],
    [
      'b@example.org',
      { ORCPT: { type: 'rfc822', address: 'x+y@example.org' } },
      ['DSN'],
      false,
      'RCPT TO:<b@example.org> ORCPT=rfc822;x+2By@example.org',
    ],
    ['b@example.org', { NOTIFY: 'never' }, [], false, 'RCPT TO:<b@example.org>'],
    ['\u00e4@example.org', {}, ['SMTPUTF8'], true, 'RCPT TO:<\u00e4@example.org>'],
    ['\u00e4@example.org', {}, ['SMTPUTF8'], false, '553 5.6.7 the next hop takes no addresses in UTF-8'],
    ['\u00e4@example.org', {}, [], true, '553 5.6.7 the next hop takes no addresses in UTF-8'],
  ])('%j %j to %j: %s', (to, parameters, keywords, smtpUtf8, expected) => {
    expect(rcpt(to, parameters, keywords, smtpUtf8)).toBe(expected);
  });
});
