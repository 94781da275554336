/** A Postfix of our own in a test's folder, which sends what it is given to the server under test; receiving-postfix.ts has one that is sent to. It is stopped by who started it. */
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { peer, run, start, succeed } from './program';

const WITHIN_MS = 60_000;

const ours = (path: string): readonly string[] => [
  'compatibility_level = 3.6',
  `config_directory = ${path}/conf`,
  `queue_directory = ${path}/queue`,
  `data_directory = ${path}/data`,
  'daemon_directory = /usr/lib/postfix/sbin',
  'command_directory = /usr/sbin',
  'mail_owner = postfix',
  'setgid_group = postdrop',
  'inet_interfaces = loopback-only',
  'inet_protocols = ipv4',
  'myhostname = sender.example.net',
  'mydestination =',
  'local_recipient_maps =',
  'alias_maps =',
  'mynetworks = 127.0.0.0/8',
  'smtputf8_enable = yes',
  'smtputf8_autodetect_classes = all',
  `maillog_file = ${path}/mail.log`,
  `maillog_file_prefixes = ${path}`,
];

const nameOf = (line: string): string => line.slice(0, line.indexOf('=')).trimEnd();

/** It warns of what stands there twice. */
function mainCf(path: string, more: readonly string[]): string {
  const names = new Set(more.map(nameOf));
  return [...ours(path).filter((line) => !names.has(nameOf(line))), ...more, ''].join('\n');
}

// -v: the clients log each line both ways, and with that in which order commands went and replies came.
const MASTER_CF = `pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
tlsmgr unix - - n 1000? 1 tlsmgr
smtp unix - - n - - smtp -v
lmtp unix - - n - - lmtp -v
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
showq unix n - n - - showq
`;

/** One that runs. */
export class SendingPostfix {
  private constructor(
    private readonly path: string,
    private readonly master: ChildProcess,
  ) {}

  /**
   * Starts one in a folder `postfix` of `place`, which its own user can look into from then on.
   * @param more lines of main.cf: where mail goes.
   * @param services lines of master.cf.
   */
  static async start(
    place: string,
    more: readonly string[],
    services: readonly string[] = [],
  ): Promise<SendingPostfix> {
    const path = join(place, 'postfix');
    chmodSync(place, 0o755);
    for (const name of ['conf', 'queue', 'data']) mkdirSync(join(path, name), { recursive: true });
    chownSync(join(path, 'data'), Number((await succeed(peer('id'), ['-u', 'postfix'])).stdout), -1);
    writeFileSync(join(path, 'conf/main.cf'), mainCf(path, more));
    writeFileSync(join(path, 'conf/master.cf'), MASTER_CF + services.map((line) => `${line}\n`).join(''));
    const master = start(peer('postfix'), ['-c', join(path, 'conf'), 'start-fg'], { stdio: 'ignore' });
    const postfix = new SendingPostfix(path, master);
    await postfix.until(() =>
      ['pid/master.pid', 'public/pickup'].every((name) => existsSync(join(path, 'queue', name))),
    );
    return postfix;
  }

  /** What it has logged so far. */
  get log(): string {
    const file = join(this.path, 'mail.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** Gives it a message, as a program on its machine would. */
  async send(message: string, ...args: readonly string[]): Promise<void> {
    await succeed(peer('sendmail'), ['-C', join(this.path, 'conf'), '-i', ...args], { input: message });
  }

  /** Waits for what it does in its own time. @throws with its log if that does not come. */
  async until(is: () => boolean): Promise<void> {
    const deadline = Date.now() + WITHIN_MS;
    while (!is()) {
      if (Date.now() > deadline || this.master.exitCode !== null)
        throw new Error(`it did not come so far:\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop(): Promise<void> {
    if (this.master.exitCode !== null) return;
    const gone = once(this.master, 'exit');
    await run(peer('postfix'), ['-c', join(this.path, 'conf'), 'stop']);
    await gone;
  }
}
