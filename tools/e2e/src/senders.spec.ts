/** Mail servers of other people send to us: Postfix and Exim, with STARTTLS, PIPELINING, CHUNKING (Exim), SMTPUTF8 and DSN in use. */
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { stored } from './maildir';
import { peer, run, start, succeed, UNPACKED } from './program';
import { securePlace, type SecurePlace } from './secure-place';

const mainCf = (path: string, at: SecurePlace): string => `compatibility_level = 3.6
config_directory = ${path}/conf
queue_directory = ${path}/queue
data_directory = ${path}/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = sender.example.net
mydestination =
local_recipient_maps =
alias_maps =
mynetworks = 127.0.0.0/8
smtputf8_enable = yes
smtputf8_autodetect_classes = all
maillog_file = ${path}/mail.log
maillog_file_prefixes = ${path}
relayhost = [localhost]:${at.port('starttls')}
smtp_host_lookup = native
smtp_tls_security_level = verify
smtp_tls_CAfile = ${at.ca}
smtp_tls_verify_cert_match = hostname
smtp_tls_loglevel = 1
minimal_backoff_time = 1s
queue_run_delay = 1s
`;

const MASTER_CF = `pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
tlsmgr unix - - n 1000? 1 tlsmgr
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
showq unix n - n - - showq
`;

const eximConf = (path: string, at: SecurePlace): string => `exim_path = ${peer('exim4')}
spool_directory = ${path}
log_file_path = ${path}/%slog
log_selector = +pipelining
primary_hostname = sender.example.net
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
acl_smtp_rcpt = ok
keep_environment = LD_LIBRARY_PATH
begin acl
ok:
  accept
begin routers
out:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = smtp
begin transports
smtp:
  driver = smtp
  port = ${at.port('starttls')}
  allow_localhost
  hosts_require_tls = *
  tls_verify_certificates = ${at.ca}
  tls_verify_cert_hostnames =
`;

it('Exim', async () => {
  const at = await securePlace();
  const path = join(at.path, 'exim');
  mkdirSync(path);
  // It works as a user of its own.
  chmodSync(at.path, 0o755);
  chmodSync(at.ca, 0o644);
  chownSync(path, Number((await succeed(peer('id'), ['-u', 'Debian-exim'])).stdout), -1);
  const config = join(at.path, 'exim.conf');
  writeFileSync(config, eximConf(path, at), { mode: 0o644 });
  const session = [
    'EHLO me',
    'MAIL FROM:<me@example.net> SMTPUTF8 BODY=8BITMIME RET=HDRS ENVID=id-7',
    'RCPT TO:<you@example.org> NOTIFY=SUCCESS ORCPT=rfc822;you@example.org',
    'RCPT TO:<j\u00f6rg@example.org>',
    'DATA',
    'Subject: Gr\u00fc\u00dfe',
    '',
    'Hello',
    '..dot',
    '.',
    'QUIT',
    '',
  ];
  // -odf: it delivers before it says goodbye.
  await succeed(peer('exim4'), ['-C', config, '-bs', '-odf'], {
    input: session.join('\r\n'),
    env: {
      ...process.env,
      LD_LIBRARY_PATH: ['x86_64', 'aarch64'].map((cpu) => `${UNPACKED}/usr/lib/${cpu}-linux-gnu`).join(':'),
    },
  });
  // What it says of us: verified, PIPELINING (L), CHUNKING (K), for both; and what we heard of it.
  const log = readFileSync(join(path, 'mainlog'), 'utf8');
  expect(log.match(/[=-]> .* X=TLS1\.3:\S+ CV=yes .*\bL K C="250 2\.0\.0 /g)).toHaveLength(2);
  expect(log).toContain('Completed');
  const said = at.transcript();
  expect(said).toMatch(/C: MAIL FROM:<me@example\.net> SIZE=\d+ SMTPUTF8 RET=HDRS ENVID=id-7/);
  expect(said).toContain('C: RCPT TO:<you@example.org> NOTIFY=SUCCESS ORCPT=rfc822;you@example.org');
  expect(said).toMatch(/C: BDAT \d+ LAST/);
  const [mail, ...more] = stored(at.maildir).map((bytes) => bytes.toString());
  expect(more).toEqual([]);
  expect(mail).toContain('with UTF8SMTPS id ');
  expect(mail).toMatch(/Subject: Gr\u00fc\u00dfe\r\n[^]*\r\n\r\nHello\r\n\.dot\r\n$/);
  expect(await at.server.stop()).toBe(0);
});

it('Postfix', async () => {
  const at = await securePlace();
  // Its own user must be able to look into it, and postdrop to write.
  const path = join(at.path, 'postfix');
  chmodSync(at.path, 0o755);
  for (const name of ['conf', 'queue', 'data']) mkdirSync(join(path, name), { recursive: true });
  chmodSync(at.ca, 0o644);
  const owner = Number((await succeed(peer('id'), ['-u', 'postfix'])).stdout);
  chownSync(join(path, 'data'), owner, -1);
  writeFileSync(join(path, 'conf/main.cf'), mainCf(path, at));
  writeFileSync(join(path, 'conf/master.cf'), MASTER_CF);
  const postfix = peer('postfix');
  const config = ['-c', join(path, 'conf')];
  const master = start(postfix, [...config, 'start-fg'], { stdio: 'ignore' });
  const log = () => (existsSync(join(path, 'mail.log')) ? readFileSync(join(path, 'mail.log'), 'utf8') : '');
  try {
    await until(
      () => existsSync(join(path, 'queue/pid/master.pid')) && existsSync(join(path, 'queue/public/pickup')),
      log,
    );
    const sendmail = ['-C', join(path, 'conf'), '-f', 'me@example.net', '-N', 'failure,delay', '-V', 'id-7'];
    const message = (subject: string) =>
      `From: me@example.net\nTo: you@example.org\nSubject: ${subject}\n\nHello\n.dot\n`;
    await succeed(peer('sendmail'), [...sendmail, '-i', 'you@example.org', 'they@example.org'], {
      input: message('one'),
    });
    await succeed(peer('sendmail'), [...sendmail, '-i', 'j\u00f6rg@example.org'], {
      input: message('Gr\u00fc\u00dfe'),
    });
    await until(() => stored(at.maildir).length >= 2 && (log().match(/status=sent/g)?.length ?? 0) >= 3, log);
    // What it says of us, and what we heard of it.
    expect(log()).toMatch(/Verified TLS connection established to localhost\[127\.0\.0\.1\]:\d+: TLSv1\.3/);
    expect(log()).not.toMatch(/warning: .*(?:localhost|127\.0\.0\.1)/);
    const said = at.transcript();
    expect(said).toMatch(/C: STARTTLS/);
    expect(said).toMatch(/C: MAIL FROM:<me@example\.net> SIZE=\d+ ENVID=id-7/);
    expect(said).toMatch(/C: RCPT TO:<you@example\.org> ORCPT=rfc822;you@example\.org NOTIFY=FAILURE,DELAY/);
    expect(said).toMatch(/C: MAIL FROM:<me@example\.net>[^\n]* SMTPUTF8/);
    // In one group: all commands came before any of their replies went.
    expect(said).toMatch(/C: MAIL FROM[^]*?C: RCPT TO[^]*?C: RCPT TO[^]*?C: DATA/);
    const mails = stored(at.maildir).map((bytes) => bytes.toString('utf8'));
    for (const mail of mails) expect(mail).toMatch(/with (?:ESMTPS|UTF8SMTPS) id /);
    expect(mails.some((mail) => mail.includes('Gr\u00fc\u00dfe') && mail.includes('UTF8SMTPS'))).toBe(true);
    for (const mail of mails) expect(mail).toMatch(/\r\n\r\nHello\r\n\.dot\r\n$/);
  } finally {
    const gone = once(master, 'exit');
    await run(postfix, [...config, 'stop']);
    if (master.exitCode === null) await gone;
  }
  expect(await at.server.stop()).toBe(0);
});

async function until(is: () => boolean, log: () => string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!is()) {
    if (Date.now() > deadline) throw new Error(`it did not come so far:\n${log()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
