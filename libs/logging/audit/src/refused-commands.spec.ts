import { reply } from '@mailverb/protocol';
import { pathOf, RefusedCommands } from './refused-commands.js';

describe('pathOf', () => {
  it.each([
    ['RCPT TO:<a@example.org>', 'RCPT', '<a@example.org>'],
    ['rcpt to:<a@example.org> NOTIFY=NEVER', 'RCPT', '<a@example.org>'],
    ['MAIL FROM:<> SIZE=7', 'MAIL', '<>'],
    ['MAIL FROM:<"a> \\">b"@example.org> X=<y>', 'MAIL', '<"a> \\">b"@example.org>'],
    ['RCPT TO:<never closed', 'RCPT', '<never closed'],
    ['RCPT TO: bare@example.org', 'RCPT', 'bare@example.org'],
    ['RCPT nonsense', 'RCPT', 'RCPT nonsense'],
  ])('%s', (line, verb, path) => {
    expect(pathOf(line)).toEqual({ verb, path });
  });

  it.each(['', 'M', 'DATA', 'RSET', 'MAILS X', 'RCPT', 'QUIT', 'EHLO mail '])('%j is neither', (line) => {
    expect(pathOf(line)).toBeUndefined();
  });

  it('keeps a bound', () => {
    expect(pathOf(`RCPT TO:<${'a'.repeat(10_000)}>`)?.path.length).toBe(300);
  });
});

describe('RefusedCommands', () => {
  const [ok, no, later] = [reply(250, '2.1.0', 'Ok'), reply(550, '5.1.1', 'no'), reply(451, '4.7.1', 'later')];
  const said = (refused: RefusedCommands, line: string, answer = no) => {
    refused.command(pathOf(line));
    refused.reply(answer);
  };

  it('remembers what was refused, and why', () => {
    const refused = new RefusedCommands();
    said(refused, 'MAIL FROM:<bad@example.org>');
    said(refused, 'MAIL FROM:<good@example.org>', ok);
    said(refused, 'RCPT TO:<a@example.org>', later);
    said(refused, 'RCPT TO:<b@example.org>', ok);
    said(refused, 'NOOP');
    refused.reply(no);
    expect(refused.takeRecipients()).toEqual([{ path: '<a@example.org>', reply: later }]);
    expect(refused.takeRecipients()).toEqual([]);
    expect(refused.refusedSenders).toEqual([{ path: '<bad@example.org>', reply: no }]);
  });

  it('counts nothing into a transaction that came before it', () => {
    const refused = new RefusedCommands();
    said(refused, 'RCPT TO:<too-early@example.org>');
    said(refused, 'MAIL FROM:<a@example.org>', ok);
    expect(refused.takeRecipients()).toEqual([]);
  });

  it('keeps a bound', () => {
    const refused = new RefusedCommands();
    for (let i = 0; i < 1000; i++) said(refused, `RCPT TO:<a${i}@example.org>`);
    expect(refused.takeRecipients().length).toBe(100);
  });
});
