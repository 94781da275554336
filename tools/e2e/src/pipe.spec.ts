/** The delivery pipe with delivery agents of Debian: procmail and maildrop put messages into Maildirs, refuse some, and defer some. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from './folder';
import { names, stored } from './maildir';
import { AWKWARD } from './messages';
import { peer, run, succeed } from './program';
import { MailServer } from './server';

/** Each puts a message into the Maildir of the user, unless its subject says otherwise. */
const AGENTS: Readonly<Record<string, (path: string, rules: string) => object>> = {
  procmail: (path, rules) => {
    writeFileSync(
      rules,
      `MAILDIR=${path}/mail
DEFAULT=$1/
LOGFILE=${path}/agent.log
:0
* ^Subject: unknown
{ EXITCODE=67 HOST }
:0
* ^Subject: later
{ EXITCODE=75 HOST }
`,
    );
    return { program: peer('procmail'), args: ['-f{sender}', '-m', rules, '{user}'] };
  },
  maildrop: (path, rules) => {
    const script = `if (/^Subject: unknown/)
{
  EXITCODE=67
  exit
}
if (/^Subject: later/)
{
  EXITCODE=75
  exit
}
to "${path}/mail/$1"
`;
    // It reads no rules that others can.
    writeFileSync(rules, script, { mode: 0o600 });
    return { program: peer('maildrop'), args: ['-f{sender}', rules, '{user}'] };
  },
};

async function place(agent: string, more: object = {}) {
  const path = folder();
  for (const user of ['ann', 'bob']) {
    for (const part of ['tmp', 'new', 'cur']) mkdirSync(join(path, 'mail', user, part), { recursive: true });
  }
  const server = await MailServer.start(path, {
    hostname: 'mx.example.org',
    logger: { use: 'pino', level: 'warn' },
    policies: [{ use: 'recipients', domains: ['example.org'] }],
    transforms: [],
    delivery: {
      use: 'pipe',
      each: 'recipient',
      subaddressSeparator: '+',
      ...AGENTS[agent]?.(path, join(path, 'rules')),
      ...more,
    },
    listeners: [
      { name: 'mx', port: 0 },
      { name: 'lmtp', path: join(path, 'lmtp.sock'), protocol: 'lmtp' },
    ],
  });
  const swaks = ['--server', '127.0.0.1', '--port', `${server.port}`, '--from', 'me@example.net', '--suppress-data'];
  return {
    path,
    server,
    mail: (user: string) => join(path, 'mail', user),
    /** What the server says at the end of a message that swaks sends. */
    send: async (to: string, subject: string): Promise<string> => {
      const { stdout } = await run(peer('swaks'), [...swaks, '--to', to, '--header', `Subject: ${subject}`]);
      // The reply to the last dot, or where there was none the one before the end.
      return /^<[-~*]+ +(\d{3} .*)\n -> QUIT$/m.exec(stdout)?.[1] ?? stdout;
    },
  };
}

describe.each(Object.keys(AGENTS))('%s', (agent) => {
  it('gets messages as they are, with the line ends of this system', async () => {
    const at = await place(agent);
    for (const [i, { bytes }] of AWKWARD.entries()) {
      const file = join(at.path, `message-${i}`);
      writeFileSync(file, bytes);
      const url = `smtp://127.0.0.1:${at.server.port}/curl.example.net`;
      await succeed(peer('curl'), [
        '-sS',
        url,
        '--mail-from',
        'me@example.net',
        '--mail-rcpt',
        'ann@example.org',
        '-T',
        file,
      ]);
    }
    const text = (bytes: Buffer): string => bytes.toString('latin1').replaceAll('\r\n', '\n');
    expect(stored(at.mail('ann')).map(text).toSorted()).toEqual(AWKWARD.map(({ bytes }) => text(bytes)).toSorted());
    expect(names(at.mail('ann'), 'tmp')).toEqual([]);
    expect(await at.server.stop()).toBe(0);
  });

  it('chooses the mailbox, refuses and defers', async () => {
    const at = await place(agent);
    expect(await at.send('bob+lists@example.org', 'hello')).toMatch(/^250 2\.0\.0 /);
    expect(await at.send('bob@example.org', 'unknown')).toMatch(/^550 5\.1\.1 /);
    expect(await at.send('bob@example.org', 'later')).toMatch(/^451 4\.3\.0 /);
    expect(await at.send('"../../x"@example.org', 'hello')).toMatch(/^553 5\.1\.3 /);
    expect([stored(at.mail('ann')).length, stored(at.mail('bob')).length]).toEqual([0, 1]);
    expect(await at.server.stop()).toBe(0);
  });

  it('delivers to each recipient, over LMTP too', async () => {
    const at = await place(agent);
    const swaks = ['--socket', join(at.path, 'lmtp.sock'), '--protocol', 'LMTP', '--from', 'me@example.net'];
    await succeed(peer('swaks'), [...swaks, '--to', 'ann@example.org,bob@example.org']);
    expect(stored(at.mail('ann'))).toHaveLength(1);
    expect(stored(at.mail('bob'))).toHaveLength(1);
    expect(await at.server.stop()).toBe(0);
  });
});

it('a program that hangs is ended, with what it has started, and the mail deferred', async () => {
  const script = join(folder(), 'hang');
  writeFileSync(script, '#!/bin/sh\nsleep 1000 &\necho "$$ $!" > pids\nsleep 1000\n', { mode: 0o755 });
  const where = folder();
  const at = await place('procmail', { program: script, args: [], directory: where, timeout: '1s', killAfter: '1s' });
  expect(await at.send('bob@example.org', 'hello')).toMatch(/^451 4\.4\.7 /);
  const pids = readFileSync(join(where, 'pids'), 'utf8').trim().split(' ').map(Number);
  expect(pids).toHaveLength(2);
  // Whoever is dead and not yet waited for by init has no command line any more.
  for (const pid of pids) expect(commandLine(pid)).toBe('');
  expect(await at.server.stop()).toBe(0);
});

it('a program that is not there keeps the server from starting, and the words say which', async () => {
  await expect(place('procmail', { program: '/no/such/program' })).rejects.toThrow(
    'there is no program /no/such/program',
  );
});

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
