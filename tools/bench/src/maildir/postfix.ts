/**
 * A Postfix of our own, in a temporary folder: only what brings mail into the queue (smtpd, cleanup and what they ask). Everything is put on
 * hold, so no delivery competes for the disk, and nothing is logged unless the machine has a syslog: both make it faster.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const DAEMONS = '/usr/lib/postfix/sbin';
const START_WITHIN_MS = 15_000;

const mainCf = (folder: string): string => `compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
command_directory = /usr/sbin
daemon_directory = ${DAEMONS}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.org
mydestination =
local_recipient_maps =
alias_maps =
mynetworks = 127.0.0.0/8
smtpd_client_restrictions = check_client_access static:HOLD
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
in_flow_delay = 0
syslog_name = mailverb-bench
`;

/** In place of putting everything on hold: everything goes on to this port at once. */
const relayCf = (upstream: number): string => `smtpd_client_restrictions =
relayhost = [127.0.0.1]:${upstream}
smtp_dns_support_level = disabled
smtp_host_lookup = native
default_destination_concurrency_limit = 100
initial_destination_concurrency = 50
qmgr_message_active_limit = 40000
`;

const RELAYING = `qmgr unix n - n 300 1 qmgr
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
pickup unix n - n 60 1 pickup
`;

const masterCf = (port: number): string => `127.0.0.1:${port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
bounce unix - - n - 0 bounce
`;

/** True if Postfix and its load generator are installed, and we may start them. */
export function canRunPostfix(): boolean {
  return existsSync(`${DAEMONS}/smtpd`) && existsSync('/usr/sbin/smtp-source') && process.getuid?.() === 0;
}

/** Installs Debian's Postfix. It is not started: only a private one ever is. */
export function installPostfix(): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'postfix'], { env, stdio: ['ignore', 2, 2] });
}

export class PrivatePostfix {
  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly master: ChildProcess,
  ) {}

  /**
   * Starts one whose files are all in `folder`, which must be readable by its user.
   * @param upstream the port that it relays to; without it everything is put on hold.
   */
  static async start(folder: string, upstream?: number): Promise<PrivatePostfix> {
    const port = await freePort();
    for (const name of ['conf', 'queue', 'data']) mkdirSync(join(folder, name), { recursive: true });
    const owner = Number(execFileSync('id', ['-u', 'postfix'], { encoding: 'utf8' }));
    chownSync(join(folder, 'data'), owner, -1);
    // The last of several settings counts.
    writeFileSync(join(folder, 'conf/main.cf'), mainCf(folder) + (upstream === undefined ? '' : relayCf(upstream)));
    writeFileSync(join(folder, 'conf/master.cf'), masterCf(port) + (upstream === undefined ? '' : RELAYING));
    const master = spawn('postfix', ['-c', join(folder, 'conf'), 'start-fg'], { stdio: 'ignore' });
    const postfix = new PrivatePostfix(port, folder, master);
    const deadline = Date.now() + START_WITHIN_MS;
    while (!(await answers(port))) {
      if (master.exitCode !== null || Date.now() > deadline) throw new Error('Postfix did not start');
      await wait(100);
    }
    return postfix;
  }

  /** Messages in the queue. */
  get queued(): number {
    return readdirSync(this.holdFolder).length;
  }

  /** Empties the queue. */
  clear(): void {
    for (const name of readdirSync(this.holdFolder)) rmSync(join(this.holdFolder, name));
  }

  async stop(): Promise<void> {
    if (this.master.exitCode !== null) return;
    const gone = once(this.master, 'exit');
    execFileSync('postfix', ['-c', join(this.folder, 'conf'), 'stop'], { stdio: 'ignore' });
    await gone;
  }

  private get holdFolder(): string {
    return join(this.folder, 'queue/hold');
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
