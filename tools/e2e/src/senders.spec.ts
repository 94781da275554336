/** Mail servers of other people send to us: Postfix and Exim, with STARTTLS, PIPELINING, CHUNKING (Exim), SMTPUTF8 and DSN in use. */
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stored } from './maildir';
import { SendingPostfix } from './postfix';
import { peer, succeed, UNPACKED } from './program';
import { securePlace, type SecurePlace } from './secure-place';

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
  chmodSync(at.ca, 0o644);
  const postfix = await SendingPostfix.start(at.path, [
    `relayhost = [localhost]:${at.port('starttls')}`,
    'smtp_host_lookup = native',
    'smtp_tls_security_level = verify',
    `smtp_tls_CAfile = ${at.ca}`,
    'smtp_tls_verify_cert_match = hostname',
    'smtp_tls_loglevel = 1',
  ]);
  try {
    const args = ['-f', 'me@example.net', '-N', 'failure,delay', '-V', 'id-7'];
    const message = (subject: string) =>
      `From: me@example.net\nTo: you@example.org\nSubject: ${subject}\n\nHello\n.dot\n`;
    await postfix.send(message('one'), ...args, 'you@example.org', 'they@example.org');
    await postfix.send(message('Gr\u00fc\u00dfe'), ...args, 'j\u00f6rg@example.org');
    await postfix.until(() => (postfix.log.match(/status=sent/g)?.length ?? 0) >= 3);
    // What it says of us, and what we heard of it.
    expect(postfix.log).toMatch(/Verified TLS connection established to localhost\[127\.0\.0\.1\]:\d+: TLSv1\.3/);
    expect(postfix.log).not.toMatch(/warning: .*(?:localhost|127\.0\.0\.1)/);
    const said = at.transcript();
    expect(said).toMatch(/C: STARTTLS/);
    expect(said).toMatch(/C: MAIL FROM:<me@example\.net> SIZE=\d+ ENVID=id-7/);
    expect(said).toMatch(/C: RCPT TO:<you@example\.org> ORCPT=rfc822;you@example\.org NOTIFY=FAILURE,DELAY/);
    expect(said).toMatch(/C: MAIL FROM:<me@example\.net>[^\n]* SMTPUTF8/);
    // In one group: it sent all of these before it read a reply to any. Only its own log has that order; ours has replies where they belong.
    const group = /^> MAIL FROM\n> RCPT TO\n> RCPT TO\n> DATA\n< 250\n< 250\n< 250\n< 354$/m;
    expect([...dialogues(postfix.log).values()]).toContainEqual(expect.stringMatching(group));
    const mails = stored(at.maildir).map((bytes) => bytes.toString('utf8'));
    expect(mails).toHaveLength(2);
    for (const mail of mails) expect(mail).toMatch(/with (?:ESMTPS|UTF8SMTPS) id /);
    expect(mails.some((mail) => mail.includes('Gr\u00fc\u00dfe') && mail.includes('UTF8SMTPS'))).toBe(true);
    for (const mail of mails) expect(mail).toMatch(/\r\n\r\nHello\r\n\.dot\r\n$/);
  } finally {
    await postfix.stop();
  }
  expect(await at.server.stop()).toBe(0);
});

/** What each of Postfix's clients sent and got, in its order, by process: only verbs and codes. */
function dialogues(log: string): ReadonlyMap<string, string> {
  const byProcess = new Map<string, string>();
  for (const [, pid = '', way, what] of log.matchAll(
    /smtp\[(\d+)\]: ([<>]) localhost\[127\.0\.0\.1\]:\d+: (\w+(?: (?:FROM|TO))?)/g,
  )) {
    byProcess.set(pid, `${byProcess.get(pid) ?? ''}${way} ${what}\n`);
  }
  return byProcess;
}
