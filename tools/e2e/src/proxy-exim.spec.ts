/** The live proxy before Exim: its verdicts are ours, and who logs in at us logs in there. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate } from '@mailverb/certificates';
import { Client } from './client';
import { folder } from './folder';
import { peer, run, type Ended } from './program';
import { ReceivingExim, type People } from './receiving-exim';
import { certificateIn, securePlace, type SecurePlace } from './secure-place';
import { LISTENERS, MailServer } from './server';

const PEOPLE: People = { ann: 'correct horse, 1', bob: 'battery staple, 2' };

/** Runs a test with an Exim, and stops that whatever comes of it. */
async function withExim(act: (path: string, exim: ReceivingExim, ca: string) => Promise<void>): Promise<void> {
  const path = folder();
  const authority = await makeCertificate({ commonName: 'e2e authority', names: ['ca.example'], authority: true });
  const ca = join(path, 'authority.pem');
  writeFileSync(ca, authority.cert);
  const { cert, key } = await certificateIn(path, 'exim', { names: ['localhost'], signedBy: authority });
  // It works as a user of its own.
  for (const file of [cert, key]) chmodSync(file, 0o644);
  const tls = `tls_advertise_hosts = *\ntls_certificate = ${cert}\ntls_privatekey = ${key}`;
  // Passwords only once it is encrypted.
  const exim = await ReceivingExim.start(path, PEOPLE, `${tls}\nauth_advertise_hosts = \${if def:tls_in_cipher{*}}`);
  try {
    await act(path, exim, ca);
  } finally {
    await exim.stop();
  }
}

/** What is said to each recipient, and to the message in the end. */
async function conversation(port: number, recipients: readonly string[], subject: string): Promise<readonly string[]> {
  const client = await Client.greeted(port);
  await client.expect(250, 'MAIL FROM:<me@example.net>');
  const said: string[] = [];
  const say = async (line: string): Promise<void> => {
    client.write(line);
    said.push((await client.reply())?.text ?? 'nothing');
  };
  for (const recipient of recipients) await say(`RCPT TO:<${recipient}>\r\n`);
  await client.expect(354, 'DATA');
  await say(`Subject: ${subject}\r\n\r\nHello\r\n.\r\n`);
  await client.expect(221, 'QUIT');
  return said;
}

it('what it says of recipients and of the message is what the client hears; it only gets its enhanced codes from us', () =>
  withExim(async (path, exim) => {
    const server = await MailServer.start(path, {
      hostname: 'mx.example.org',
      logger: { use: 'pino', level: 'warn' },
      policies: [{ use: 'recipients', any: true }],
      delivery: { use: 'proxy', host: 'localhost', port: exim.port, tls: { mode: 'none' }, chunking: false },
      listeners: LISTENERS,
    });
    const to = ['ann@example.org', 'nobody@example.org', 'eve@elsewhere.example'];
    for (const subject of ['hello', 'we do not want this']) {
      const [heard, said] = [await conversation(server.port, to, subject), await conversation(exim.port, to, subject)];
      const plain = (text: string) => text.replace(/^(\d{3}[ -])([245])\.0\.0 /gm, '$1').replace(/id=\S+/, 'id=*');
      expect(heard.map(plain)).toEqual(said.map(plain));
      for (const text of heard) expect(text).toMatch(/^(?:([245])\d\d[ -]\1\.0\.0 [^\r\n]+\r\n)+$/);
      expect(heard[1]).toBe('550-5.0.0 no mailbox for nobody\r\n550 5.0.0 and that is all that we say\r\n');
      if (subject === 'hello') {
        // The id that is said is the message's.
        const [, id = ''] = /id=(\S+)\r\n$/.exec(heard.at(-1) ?? '') ?? [];
        const mails = await exim.mailsOf('ann', 2);
        expect(mails.filter((mail) => mail.includes(`id ${id}`))).toEqual([expect.stringContaining('mx.example.org')]);
      } else {
        expect(heard.at(-1)).toBe('550 5.0.0 not with this subject, thank you\r\n');
        expect(await exim.mailsOf('ann', 2)).toHaveLength(2);
      }
    }
    expect(await server.stop()).toBe(0);
  }));

/** A submission server that knows nobody: Exim is asked, and gets the mail of who has logged in over the connection of that login. */
function submission(exim: ReceivingExim, ca: string, keep: boolean): Promise<SecurePlace> {
  const there = { host: 'localhost', port: exim.port, tls: { mode: 'required', ca } };
  return securePlace({
    auth: [{ use: 'smtp', ...there, keep }],
    policies: [{ use: 'require', tls: true, auth: true }, 'relay-control'],
    delivery: { use: 'proxy', ...there },
  });
}

function send(at: SecurePlace, name: string, password: string, mechanism: string): Promise<Ended> {
  const args = ['--server', '127.0.0.1', '--port', `${at.port('starttls')}`, '--tls', '--tls-ca-path', at.ca];
  const who = ['--auth', mechanism, '--auth-user', `${name}@example.org`, '--auth-password', password];
  return run(peer('swaks'), [...args, ...who, '--from', `${name}@example.org`, '--to', 'bob@example.org']);
}

it('mail goes as who has logged in here', () =>
  withExim(async (_path, exim, ca) => {
    const at = await submission(exim, ca, true);
    expect((await send(at, 'ann', PEOPLE['ann'] ?? '', 'PLAIN')).code).toBe(0);
    expect((await send(at, 'bob', PEOPLE['bob'] ?? '', 'LOGIN')).code).toBe(0);
    await exim.mailsOf('bob', 2);
    for (const name of ['ann', 'bob']) {
      expect(exim.log).toMatch(
        new RegExp(` <= ${name}@example\\.org H=.* P=esmtpsa X=TLS1\\.3:\\S+ .*A=plain:${name}@example\\.org `),
      );
    }
    // It says no, and so do we.
    const wrong = await send(at, 'ann', 'another horse, 3', 'PLAIN');
    expect(wrong.stdout).toMatch(/<~\* +535 5\.7\.8 /);

    // Nobody who could tell: later, and nobody is let in (attack A26).
    await exim.stop();
    const later = await send(at, 'ann', PEOPLE['ann'] ?? '', 'PLAIN');
    expect(later.stdout).toMatch(/<~\* +454 4\.7\.0 /);
    expect(later.code).not.toBe(0);
    expect(await at.server.stop()).toBe(0);
    expect(await exim.mailsOf('bob', 2)).toHaveLength(2);
    // No password is anywhere.
    const written = `${at.transcript()}${at.server.logged()}${at.server.said()}`;
    for (const password of [...Object.values(PEOPLE), 'another horse, 3']) expect(written).not.toContain(password);
  }));

it('without keep, only the password is checked there', () =>
  withExim(async (_path, exim, ca) => {
    const at = await submission(exim, ca, false);
    expect((await send(at, 'ann', PEOPLE['ann'] ?? '', 'PLAIN')).code).toBe(0);
    await exim.mailsOf('bob', 1);
    expect(exim.log).toMatch(/ <= ann@example\.org H=.* P=esmtps /);
    expect(exim.log).not.toContain(' A=plain');
    expect(await at.server.stop()).toBe(0);
  }));
