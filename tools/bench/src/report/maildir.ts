/** Maildir and Postfix's queue, as a table. */
import type { MaildirResult, MaildirSettings } from '../maildir/compare.js';
import { median } from '../measure/stats.js';
import { figure, table } from './table.js';

export function maildirTable({ postfix, maildir, ratio, fileSystem }: MaildirResult, how: MaildirSettings): string {
  const row = (name: string, rates: readonly number[], toPostfix: string): string[] => [
    name,
    figure(median(rates)),
    figure(Math.min(...rates)),
    figure(Math.max(...rates)),
    toPostfix,
  ];
  const verdict = `${ratio.toFixed(2)} ${ratio >= 1 ? '✓' : '(wanted: 1 at least)'}`;
  const rows = [row('Postfix into its queue', postfix, '1'), row('Maildir with fsync', maildir, verdict)];
  const load = `smtp-source -s 50 -m ${how.messages} -l 4096, ${how.rounds} rounds in turn after one to warm up, on ${fileSystem}. Both answer 250 after fsync; Postfix holds the message and logs nothing.`;
  return `${table(['messages/s', 'median', 'least', 'most', ': Postfix'], rows)}\n\n${load}`;
}
