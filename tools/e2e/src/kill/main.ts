/** Starts a server with a Maildir, loads it, kills it with SIGKILL at a random moment, looks; again and again. */
import { setTimeout as wait } from 'node:timers/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { folder, removeFolders } from '../folder';
import { names } from '../maildir';
import { endProcesses } from '../program';
import { LISTENERS, MailServer } from '../server';
import { load } from './load';
import { Verdict } from './verdict';

const CONFIGURATION = {
  logger: { use: 'pino', level: 'error' },
  policies: [{ use: 'recipients', domains: ['example.org'] }],
  delivery: { use: 'maildir', path: './mail' },
  listeners: LISTENERS,
};

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    clients: { type: 'string', default: '8' },
    /** The kill comes after a random time up to this, counted from the first 250. */
    within: { type: 'string', default: '1000' },
  },
});

/** Runs it all; true if nothing is lost and nothing broken. */
export async function killLoop(say: (line: string) => void): Promise<boolean> {
  const path = folder();
  const maildir = join(path, 'mail');
  const verdict = new Verdict(maildir);
  const answered = new Set<number>();
  const [rounds, clients, within] = [Number(values.rounds), Number(values.clients), Number(values.within)];
  let sent = 0;
  for (let round = 1; round <= rounds; round++) {
    const before = answered.size;
    const server = await MailServer.start(path, CONFIGURATION);
    let first: () => void = () => undefined;
    const underLoad = new Promise<void>((resolve) => (first = resolve));
    const ledger = {
      next: (): number => sent++,
      answered: (id: number): void => {
        answered.add(id);
        first();
      },
    };
    const sessions = Array.from({ length: clients }, (_, n) =>
      load(server.port, ledger, n % 2 === 0 ? 'DATA' : 'BDAT'),
    );
    // Sessions end before the kill only with an error, which is thrown here instead of waiting for a first 250 for ever.
    await Promise.race([underLoad, Promise.all(sessions)]);
    const moment = Math.floor(Math.random() * within);
    await wait(moment);
    await server.stop('SIGKILL');
    await Promise.all(sessions);
    verdict.read();
    const lost = verdict.missing(answered);
    say(
      `round ${round}: killed ${moment} ms after the first 250, ${answered.size - before} answered 250, ` +
        `${names(maildir, 'tmp').length} in tmp, ${lost.length} lost, ${verdict.broken.length} broken`,
    );
    if (lost.length > 0 || verdict.broken.length > 0) {
      for (const id of lost) say(`lost: message ${id}`);
      for (const words of verdict.broken) say(`broken: ${words}`);
      // The folder stays, to be looked at.
      say(`see ${path}`);
      say(summary(round, answered.size, lost.length, verdict.broken.length));
      return false;
    }
  }
  say(`${sent} begun, ${verdict.whole} stored, ${names(maildir, 'tmp').length} left in tmp`);
  say(summary(rounds, answered.size, 0, 0));
  removeFolders();
  return true;
}

function summary(rounds: number, answered: number, lost: number, broken: number): string {
  return `${rounds} rounds, ${answered} messages answered 250, ${lost} lost, ${broken} broken`;
}

/** As a program. */
export async function main(): Promise<void> {
  try {
    process.exitCode = (await killLoop((line) => process.stdout.write(`${line}\n`))) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  } finally {
    await endProcesses();
  }
}
