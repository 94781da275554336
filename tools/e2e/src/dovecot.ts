/** A Dovecot of our own in a test's folder: a mail store that is spoken to by LMTP. It is stopped by who started it. */
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { freePort } from './free-port';
import { field, stored } from './maildir';
import { kill, peer, start, succeed } from './program';

const WITHIN_MS = 60_000;

/** What each mailbox may hold; undefined is anything. */
export type Quotas = Readonly<Record<string, number | undefined>>;

const configuration = (path: string, port: number): string => `protocols = lmtp
base_dir = ${path}/run
state_dir = ${path}/state
log_path = ${path}/dovecot.log
listen = 127.0.0.1
ssl = no
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_save_crlf = yes
mail_plugins = quota
passdb {
  driver = passwd-file
  args = username_format=%u ${path}/users
}
userdb {
  driver = passwd-file
  args = username_format=%u ${path}/users
}
plugin {
  quota = maildir:User quota
}
service lmtp {
  inet_listener lmtp {
    port = ${port}
  }
  unix_listener ${path}/lmtp.sock {
    mode = 0600
  }
}
`;

/** One that can be started and stopped, with its mailboxes and its port. */
export class Dovecot {
  private master: ChildProcess | undefined = undefined;

  private constructor(
    private readonly path: string,
    readonly port: number,
  ) {}

  /**
   * Starts one in a folder `dovecot` of `place`.
   * @param quotas the mailboxes `<name>@example.org`, and how many octets each may hold.
   */
  static async start(place: string, quotas: Quotas): Promise<Dovecot> {
    const path = join(place, 'dovecot');
    // Mailboxes belong to a user of their own, as Dovecot will not have it otherwise.
    chmodSync(place, 0o755);
    for (const name of ['', 'run', 'state', 'mail']) mkdirSync(join(path, name));
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (what) => Number((await succeed(peer('id'), [what, 'mail'])).stdout)),
    );
    chownSync(join(path, 'mail'), uid ?? -1, gid ?? -1);
    const users = Object.entries(quotas).map(([name, octets]) => {
      const rule = octets === undefined ? '' : `userdb_quota_rule=*:bytes=${octets}`;
      return `${name}@example.org:{PLAIN}x:${uid}:${gid}::${path}/mail/${name}::${rule}\n`;
    });
    writeFileSync(join(path, 'users'), users.join(''));
    const dovecot = new Dovecot(path, await freePort());
    writeFileSync(join(path, 'dovecot.conf'), configuration(path, dovecot.port));
    await dovecot.resume();
    return dovecot;
  }

  get socket(): string {
    return join(this.path, 'lmtp.sock');
  }

  /** What it has logged so far. */
  get log(): string {
    const file = join(this.path, 'dovecot.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** The messages in a mailbox, each without the fields that Dovecot and a server before it have put there; sorted. */
  mails(name: string): readonly string[] {
    return stored(join(this.path, 'mail', name, 'Maildir'))
      .map((bytes) =>
        ['Return-Path', 'Delivered-To', 'Received', 'Received']
          .reduce((rest, one) => field(rest, one).rest, bytes)
          .toString('latin1'),
      )
      .toSorted();
  }

  /** Starts it again. */
  async resume(): Promise<void> {
    const before = this.log.length;
    const master = start(peer('dovecot'), ['-F', '-c', join(this.path, 'dovecot.conf')], { stdio: 'ignore' });
    this.master = master;
    const deadline = Date.now() + WITHIN_MS;
    // It says so when its sockets are open.
    while (!this.log.slice(before).includes('starting up')) {
      if (Date.now() > deadline || master.exitCode !== null) throw new Error(`it does not start:\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async stop(): Promise<void> {
    const { master } = this;
    this.master = undefined;
    if (master === undefined || master.exitCode !== null) return;
    const gone = once(master, 'exit');
    kill(master, 'SIGTERM');
    await gone;
  }
}
