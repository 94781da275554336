/** An Exim of our own that is sent to: it takes mail for example.org into a mailbox for each user, and from its users to anybody. */
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { freePort } from './free-port';
import { stored } from './maildir';
import { kill, peer, start, succeed, UNPACKED } from './program';

/** Who has a mailbox, and the password of each. */
export type People = Readonly<Record<string, string>>;

const configuration = (path: string, port: number, users: readonly string[], more: string): string => `
exim_path = ${peer('exim4')}
spool_directory = ${path}/spool
log_file_path = ${path}/log/%slog
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port}
primary_hostname = mail.example.org
qualify_domain = example.org
domainlist local = example.org
keep_environment = LD_LIBRARY_PATH
never_users =
acl_smtp_rcpt = rcpt
acl_smtp_data = data
smtputf8_advertise_hosts =
deliver_drop_privilege
${more}

begin acl
rcpt:
  accept authenticated = *
  deny message = this is not the way to $domain
    !domains = +local
  deny message = no mailbox for $local_part\\nand that is all that we say
    local_parts = !${users.join(' : !')}
  accept
data:
  deny message = not with this subject, thank you
    condition = \${if match{$h_Subject:}{do not want}}
  accept

begin routers
mailbox:
  driver = accept
  local_parts = ${users.join(' : ')}
  transport = mailbox

begin transports
mailbox:
  driver = appendfile
  maildir_format
  directory = ${path}/mail/$local_part_data

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if eq{$auth3}{\${lookup{$auth2}lsearch{${path}/people}{$value}fail}}}
  server_set_id = $auth2
`;

/** One that can be started and stopped. */
export class ReceivingExim {
  private daemon: ChildProcess | undefined = undefined;

  private constructor(
    private readonly path: string,
    readonly port: number,
  ) {}

  /**
   * Starts one in a folder `exim` of `place`.
   * @param people their mailboxes are `<name>@example.org`.
   * @param more of the main part of its configuration.
   */
  static async start(place: string, people: People, more = ''): Promise<ReceivingExim> {
    const path = join(place, 'exim');
    chmodSync(place, 0o755);
    const uid = Number((await succeed(peer('id'), ['-u', 'Debian-exim'])).stdout);
    for (const name of ['', 'spool', 'log', 'mail']) {
      mkdirSync(join(path, name));
      chownSync(join(path, name), uid, -1);
    }
    const lines = Object.entries(people).map(([name, password]) => `${name}@example.org: ${password}\n`);
    writeFileSync(join(path, 'people'), lines.join(''));
    chownSync(join(path, 'people'), uid, -1);
    const exim = new ReceivingExim(path, await freePort());
    writeFileSync(join(path, 'exim.conf'), configuration(path, exim.port, Object.keys(people), more), { mode: 0o644 });
    await exim.resume();
    return exim;
  }

  /** What it has logged so far of messages. */
  get log(): string {
    const file = join(this.path, 'log/mainlog');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** Starts it again. */
  async resume(): Promise<void> {
    const daemon = start(peer('exim4'), ['-C', join(this.path, 'exim.conf'), '-bdf'], {
      stdio: 'ignore',
      env: {
        ...process.env,
        LD_LIBRARY_PATH: ['x86_64', 'aarch64'].map((cpu) => `${UNPACKED}/usr/lib/${cpu}-linux-gnu`).join(':'),
      },
    });
    this.daemon = daemon;
    await this.until(async () => {
      if (daemon.exitCode !== null) throw new Error(`it ended with ${daemon.exitCode}:\n${this.log}`);
      const socket = connect(this.port, '127.0.0.1');
      const up = await Promise.race([
        once(socket, 'connect').then(() => true),
        once(socket, 'close').then(() => false),
      ]).catch(() => false);
      socket.destroy();
      return up;
    });
  }

  async stop(): Promise<void> {
    const { daemon } = this;
    if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const gone = once(daemon, 'exit');
    kill(daemon, 'SIGTERM');
    await gone;
  }

  /** The messages in a mailbox, once there are so many; with line ends of its own (LF). */
  async mailsOf(name: string, count: number): Promise<readonly string[]> {
    const maildir = join(this.path, 'mail', name);
    await this.until(() => existsSync(join(maildir, 'new')) && stored(maildir).length >= count);
    return stored(maildir).map((bytes) => bytes.toString('latin1'));
  }

  private async until(is: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!(await is())) {
      if (Date.now() > deadline) throw new Error(`it did not come so far:\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
