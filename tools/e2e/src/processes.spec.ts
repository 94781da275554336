/** Several processes on one port: counted together, replaced when they are killed, watched by HTTP, and none left behind. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from './client';
import { folder } from './folder';
import { freePort } from './free-port';
import { stored } from './maildir';
import { MailServer } from './server';

const configuration = (port: number, health: number, more: object = {}) => ({
  hostname: 'mx.example.org',
  processes: 2,
  logger: { use: 'pino', level: 'info' },
  observers: ['metrics'],
  health: { port: health },
  policies: [{ use: 'recipients', domains: ['example.org'] }],
  delivery: { use: 'maildir', path: './mail' },
  listeners: [{ name: 'mx', port }],
  ...more,
});

/** Asks until it is so, for 20 s at most: a worker is started anew after a pause. */
async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await is())) {
    if (Date.now() > end) throw new Error('it did not come so far');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Processes whose parent is this one (Linux). */
function children(pid: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/stat`, 'utf8')
          .replace(/^.*\) . /, '')
          .startsWith(`${pid} `);
      } catch {
        return false;
      }
    })
    .map(Number);
}

const get = async (port: number, path: string) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, text: await response.text() };
};

it('serve together, are counted together, and one that is killed comes back', async () => {
  const path = folder();
  const [port, health] = [await freePort(), await freePort()];
  const limits = { connectionsPerAddress: 3 };
  const server = await MailServer.start(path, configuration(port, health, { limits }));
  expect(await get(health, '/live')).toMatchObject({ status: 200 });
  await until(async () => (await get(health, '/ready')).status === 200);
  expect(await get(health, '/nowhere')).toMatchObject({ status: 404 });

  const open = [await Client.greeted(port), await Client.greeted(port), await Client.greeted(port)];
  const fourth = await Client.connect(port);
  expect((await fourth.reply())?.text).toContain('connectionsPerAddress');
  for (const one of open) {
    await one.data();
    await one.expect(250, 'x\r\n.');
  }
  expect(stored(join(path, 'mail'))).toHaveLength(3);
  const { text } = await get(health, '/metrics');
  expect(text).toContain('mailverb_workers_ready 2');
  const transactions = [...text.matchAll(/^mailverb_transactions_total\{[^}]*end="committed"[^}]*\} (\d+)/gm)];
  expect(transactions.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(3);

  const workers = children(server.pid);
  expect(workers).toHaveLength(2);
  for (const worker of workers) process.kill(worker, 'SIGKILL');
  await until(() => server.logged().split('a worker was started anew').length === 3);
  expect(children(server.pid).filter((pid) => workers.includes(pid))).toEqual([]);
  // Those that were killed took their connections with them, and are not counted any more.
  const again = await Client.greeted(port);
  await again.data();
  await again.expect(250, 'y\r\n.');
  expect((await get(health, '/metrics')).text).toContain('mailverb_worker_restarts_total 2');

  const all = children(server.pid);
  expect(await server.stop()).toBe(0);
  for (const pid of all) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

it('are not started with a configuration that is wrong', async () => {
  const path = folder();
  const wrong = configuration(await freePort(), await freePort(), { delivery: { use: 'maildri' } });
  await expect(MailServer.start(path, wrong)).rejects.toThrow(/ended with 78[^]*did you mean "maildir"/);
});
