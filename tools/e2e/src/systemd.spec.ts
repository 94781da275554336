/** What stands in deploy/: units that systemd takes, sockets that it opens, and what it is told by sd_notify. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from './client';
import { folder, ROOT } from './folder';
import { freePort } from './free-port';
import { stored } from './maildir';
import { collect, kill, peer, start, succeed } from './program';
import { MAIN, MailServer } from './server';

const DEPLOY = join(ROOT, 'apps/smtp-server/deploy');
const unit = readFileSync(join(DEPLOY, 'mailverb.service'), 'utf8');
const value = (key: string): string | undefined => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1];

const configuration = (listener: object, more: object = {}) => ({
  hostname: 'mx.example.org',
  policies: [{ use: 'recipients', domains: ['example.org'] }],
  delivery: { use: 'maildir', path: './mail' },
  listeners: [{ name: 'mx', ...listener }],
  ...more,
});

it('are units that systemd understands', async () => {
  const path = folder();
  // It also looks whether the program is there: ours is this one.
  const here = unit.replace(/^ExecStart=\S+ \S+/m, `ExecStart=${process.execPath} ${MAIN}`);
  writeFileSync(join(path, 'mailverb.service'), here);
  writeFileSync(join(path, 'mailverb.socket'), readFileSync(join(DEPLOY, 'mailverb.socket')));
  const { stderr } = await succeed(peer('systemd-analyze'), [
    'verify',
    '--man=no',
    join(path, 'mailverb.service'),
    join(path, 'mailverb.socket'),
  ]);
  expect(stderr.split('\n').filter((line) => line.includes('mailverb'))).toEqual([]);
});

it('say what the server means: exit codes, signals, time to stop', () => {
  expect(value('Type')).toBe('notify');
  expect(value('NotifyAccess')).toBe('all');
  expect(value('RestartPreventExitStatus')).toBe('78');
  expect(value('ExecReload')).toContain('-HUP');
  expect(Number(value('TimeoutStopSec'))).toBeGreaterThan(30);
  expect(value('ExecStart')?.split(' ')[1]).toMatch(/apps\/smtp-server\/dist\/main\.cjs$/);
});

it.each([1, 2])('sockets that systemd opens are served by %d processes', async (processes) => {
  const path = folder();
  const port = await freePort();
  const file = join(path, 'mailverb.json');
  writeFileSync(file, JSON.stringify(configuration({ systemd: 'mx' }, { processes })));
  const serve = [process.execPath, MAIN, 'serve', '--config', file];
  const child = start(peer('systemd-socket-activate'), ['-l', `127.0.0.1:${port}`, '--fdname=mx', ...serve], {
    cwd: path,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = collect(child, 'stderr');
  // It starts the server at the first connection, and itself at once.
  const end = Date.now() + 10_000;
  while (!said().includes('Listening on') && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
  const client = await Client.greeted(port);
  await client.data();
  await client.expect(250, 'x\r\n.');
  expect(stored(join(path, 'mail'))).toHaveLength(1);
  kill(child, 'SIGTERM');
  const server = await new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  expect(server).toBe(0);
});

it('systemd is told when it is ready, when it reloads, and when it stops', async () => {
  const path = folder();
  const socket = join(path, 'notify');
  const listen = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1]); s.settimeout(60)
print('BOUND', flush=True)
for _ in range(100):
    print(s.recv(4096).decode().replace('\\n', ' '), flush=True)
`;
  const listener = start(peer('python3'), ['-c', listen, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  const heard = collect(listener, 'stdout');
  const until = async (word: string) => {
    const end = Date.now() + 20_000;
    while (!heard().includes(word) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(heard()).toContain(word);
  };
  await until('BOUND');
  const file = join(path, 'mailverb.json');
  writeFileSync(file, JSON.stringify(configuration({ port: await freePort() })));
  const child = start(process.execPath, [MAIN, 'serve', '--config', file], {
    cwd: path,
    env: { ...process.env, NOTIFY_SOCKET: socket },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const server = await MailServer.listening(child);
  await until('READY=1');
  kill(child, 'SIGHUP');
  await until('RELOADING=1');
  // Where there is nothing to wait for it may be gone before systemd-notify is.
  const client = await Client.greeted(server.port);
  await client.data();
  kill(child, 'SIGTERM');
  await until('STOPPING=1');
  await client.expect(250, 'x\r\n.');
  expect(await server.ended()).toBe(0);
  kill(listener, 'SIGTERM');
});
