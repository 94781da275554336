/** Maildir with fsync against Postfix's way into its queue: the same load, the same disk, in turn. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../measure/stats.js';
import { startServer } from '../servers/names.js';
import { PrivatePostfix } from './postfix.js';

/** How much, how often, where. */
export interface MaildirSettings {
  readonly messages: number;
  readonly rounds: number;
  /** A folder on the disk to measure, readable by all; default the system's temporary folder. */
  readonly disk?: string;
}

/** Messages a second of each, round by round. */
export interface MaildirResult {
  readonly postfix: readonly number[];
  readonly maildir: readonly number[];
  /** Median of the rounds' ratios, Maildir to Postfix. */
  readonly ratio: number;
  readonly fileSystem: string;
}

const SESSIONS = 50;
const OCTETS = 4096;

/** Something that stores mail, and can say how much. */
interface Contender {
  readonly port: number;
  count(): number;
  clear(): void;
}

export async function compareMaildir(settings: MaildirSettings): Promise<MaildirResult> {
  const folder = mkdtempSync(join(settings.disk ?? tmpdir(), 'mailverb-bench-'));
  // Postfix's user must get in.
  chmodSync(folder, 0o755);
  const mail = join(folder, 'mail');
  const fileSystem = execFileSync('stat', ['-f', '-c', '%T', folder], { encoding: 'utf8' }).trim();
  const server = await startServer('maildir', { args: [mail] });
  try {
    const postfix = await PrivatePostfix.start(join(folder, 'postfix'));
    try {
      const queue: Contender = { port: postfix.port, count: () => postfix.queued, clear: () => postfix.clear() };
      const maildir: Contender = {
        port: server.port,
        count: () => newMail(mail).length,
        clear: () => newMail(mail).forEach((file) => rmSync(file)),
      };
      return { ...(await rounds(queue, maildir, settings)), fileSystem };
    } finally {
      await postfix.stop();
    }
  } finally {
    await server.process.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function rounds(
  postfix: Contender,
  maildir: Contender,
  settings: MaildirSettings,
): Promise<Omit<MaildirResult, 'fileSystem'>> {
  const rates: { readonly postfix: number; readonly maildir: number }[] = [];
  // The first round warms both and does not count.
  for (let n = 0; n <= settings.rounds; n++) {
    const round = { postfix: await rate(postfix, settings.messages), maildir: await rate(maildir, settings.messages) };
    if (n > 0) rates.push(round);
  }
  return {
    postfix: rates.map((r) => r.postfix),
    maildir: rates.map((r) => r.maildir),
    ratio: median(rates.map((r) => r.maildir / r.postfix)),
  };
}

/** Messages a second, all of them found on disk afterwards. */
async function rate(contender: Contender, messages: number): Promise<number> {
  const start = performance.now();
  await smtpSource(contender.port, messages);
  const seconds = (performance.now() - start) / 1000;
  const stored = contender.count();
  if (stored !== messages) throw new Error(`${messages} messages were taken, ${stored} are there`);
  contender.clear();
  return messages / seconds;
}

async function smtpSource(port: number, messages: number): Promise<void> {
  const load = ['-s', `${SESSIONS}`, '-m', `${messages}`, '-l', `${OCTETS}`];
  const addresses = ['-f', 'sender@client.example', '-t', 'somebody@example.org'];
  const child = spawn('/usr/sbin/smtp-source', [...load, ...addresses, `127.0.0.1:${port}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`smtp-source ended with ${code}`);
}

/** All files in a folder `new`, wherever below `folder` that is. */
function newMail(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.endsWith('/new'))
    .map((entry) => join(entry.parentPath, entry.name));
}
