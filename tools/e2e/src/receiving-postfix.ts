/** A Postfix of our own that is sent to: it takes mail for example.org into a mailbox for each user. It is stopped by who started it. */
import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from './free-port';
import { stored } from './maildir';
import { SendingPostfix } from './postfix';
import { peer, succeed } from './program';

const mainCf = (path: string, uid: number, gid: number): readonly string[] => [
  'myhostname = mail.example.org',
  'virtual_mailbox_domains = example.org',
  `virtual_mailbox_maps = texthash:${path}/mailboxes`,
  `virtual_mailbox_base = ${path}/mail`,
  'virtual_minimum_uid = 1',
  `virtual_uid_maps = static:${uid}`,
  `virtual_gid_maps = static:${gid}`,
  'smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination',
  'smtpd_peername_lookup = no',
];

/** How each port of it behaves: options of its smtpd (`name=value`), by a name for the port. */
export type Services = Readonly<Record<string, readonly string[]>>;

/** One that can be started and stopped. */
export class ReceivingPostfix {
  private running: SendingPostfix | undefined = undefined;

  private constructor(
    private readonly place: string,
    private readonly main: readonly string[],
    private readonly master: readonly string[],
    private readonly ports: ReadonlyMap<string, number>,
  ) {}

  /**
   * Starts one in a folder `postfix` of `place`.
   * @param users the mailboxes `<name>@example.org`.
   * @param more lines of main.cf.
   */
  static async start(
    place: string,
    users: readonly string[],
    services: Services = { smtp: [] },
    more: readonly string[] = [],
  ): Promise<ReceivingPostfix> {
    const path = join(place, 'postfix');
    mkdirSync(join(path, 'mail'), { recursive: true });
    const [uid = -1, gid = -1] = await Promise.all(
      ['-u', '-g'].map(async (what) => Number((await succeed(peer('id'), [what, 'mail'])).stdout)),
    );
    chownSync(join(path, 'mail'), uid, gid);
    writeFileSync(join(path, 'mailboxes'), users.map((name) => `${name}@example.org ${name}/\n`).join(''));
    chmodSync(place, 0o755);
    const ports = new Map<string, number>();
    const master = ['virtual unix - n n - - virtual'];
    for (const [name, options] of Object.entries(services)) {
      const port = await freePort();
      ports.set(name, port);
      master.push(`127.0.0.1:${port} inet n - n - - smtpd`, ...options.map((option) => `  -o ${option}`));
    }
    const postfix = new ReceivingPostfix(place, [...mainCf(path, uid, gid), ...more], master, ports);
    await postfix.resume();
    return postfix;
  }

  port(service = 'smtp'): number {
    return this.ports.get(service) ?? -1;
  }

  /** What it has logged so far. */
  get log(): string {
    return this.running?.log ?? '';
  }

  /** Starts it again. */
  async resume(): Promise<void> {
    this.running = await SendingPostfix.start(this.place, this.main, this.master);
    for (const port of this.ports.values()) await listens(port);
  }

  async stop(): Promise<void> {
    await this.running?.stop();
  }

  /** Waits for what it does in its own time. */
  async until(is: () => boolean): Promise<void> {
    await this.running?.until(is);
  }

  /** The messages in a mailbox as they are there, with line ends of its own (LF). */
  mails(name: string): readonly string[] {
    return stored(this.maildir(name)).map((bytes) => bytes.toString('latin1'));
  }

  /** The same, once there are so many. */
  async mailsOf(name: string, count: number): Promise<readonly string[]> {
    await this.until(() => existsSync(this.maildir(name)) && this.mails(name).length >= count);
    return this.mails(name);
  }

  private maildir(name: string): string {
    return join(this.place, 'postfix/mail', name);
  }
}

async function listens(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const up = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
