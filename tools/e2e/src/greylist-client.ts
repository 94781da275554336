/** Somebody who asks whether a recipient is taken, for the tests of greylisting. */
import { Client } from './client';
import { MAIN } from './server';
import { run, type Ended } from './program';

/** What one recipient hears: `451`, `250`… */
export async function rcpt(
  port: number,
  { from = 'ann@example.net', to = 'user@example.org' }: { readonly from?: string; readonly to?: string } = {},
): Promise<string> {
  const client = await Client.greeted(port);
  await client.expect(250, `MAIL FROM:<${from}>`);
  client.write(`RCPT TO:<${to}>\r\n`);
  const reply = await client.reply();
  await client.expect(221, 'QUIT');
  return reply?.text.trim() ?? 'nothing';
}

/** Asks until the answer has this code, for 20 s at most; gives how many milliseconds that took. */
export async function rcptUntil(code: number, ask: () => Promise<string>): Promise<number> {
  const start = Date.now();
  for (;;) {
    const heard = await ask();
    if (heard.startsWith(String(code))) return Date.now() - start;
    if (Date.now() - start > 20_000) throw new Error(`it hears ${heard} and not ${code}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** `mailverb-smtp greylist …` beside the server of this folder. */
export function greylist(folder: string, ...args: readonly string[]): Promise<Ended> {
  const [command = '', ...rest] = args;
  return run(process.execPath, [MAIN, 'greylist', command, '-c', 'mailverb.json', ...rest], { cwd: folder });
}

/** The numbers of all days together. */
export async function counts(folder: string): Promise<Readonly<Record<string, number>>> {
  const { stdout, stderr, code } = await greylist(folder, 'stats', '--json');
  if (code !== 0) throw new Error(stderr);
  const { days } = JSON.parse(stdout) as { readonly days: readonly Readonly<Record<string, number>>[] };
  const sum: Record<string, number> = {};
  for (const day of days) {
    for (const [name, number] of Object.entries(day)) if (name !== 'day') sum[name] = (sum[name] ?? 0) + number;
  }
  return sum;
}
