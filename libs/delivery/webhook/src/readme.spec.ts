/** The receiver of the README, as it stands there, takes what is signed with its secret and nothing else. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock, deliver, recordingLogger } from '@mailverb/testing';
import { WebhookDelivery } from './webhook.delivery.js';
import { webhookOptions } from './webhook.options.js';

const SECRET = 'a secret of some length';
const MESSAGE = Buffer.from('From: joerg@example.net\r\nSubject: hello\r\n\r\nHello\r\n');

async function replyTo(url: string, secrets: readonly string[], now: number): Promise<string> {
  const options = webhookOptions.parse({ url, secrets: [...secrets] });
  const strategy = new WebhookDelivery(options, new FakeClock(now), recordingLogger([]));
  await strategy.start();
  const { outcomes } = await deliver(strategy, ['ann@example.org'], MESSAGE);
  await strategy.stop();
  return outcomes.map(({ reply }) => String(reply.code)).join();
}

it('a receiver takes what is genuine', async () => {
  const readme = await readFile(join(__dirname, '../README.md'), 'utf8');
  const script = /```js\n(\/\/ receiver\.mjs\n.*?)```/s.exec(readme)?.[1] ?? '';
  const listen = "server.listen(8025, '127.0.0.1');";
  expect(script).toContain(listen);
  const folder = await mkdtemp(join(tmpdir(), 'webhook-readme-'));
  const file = join(folder, 'receiver.mjs');
  await writeFile(
    file,
    script.replace(listen, "server.listen(0, '127.0.0.1', () => console.log(server.address().port));"),
  );
  const child = spawn(process.execPath, [file], { env: { ...process.env, WEBHOOK_SECRET: SECRET } });
  try {
    const [first] = (await once(child.stdout, 'data')) as [Buffer];
    const url = `http://127.0.0.1:${Number(first.toString())}/`;
    const now = Date.now();
    const said = once(child.stdout, 'data') as Promise<[Buffer]>;
    expect(await replyTo(url, ['another secret of some length', SECRET], now)).toBe('250');
    expect((await said)[0].toString()).toBe('sender@test.example hello Hello\n []\n');
    expect(await replyTo(url, ['another secret of some length'], now)).toBe('451');
    expect(await replyTo(url, [], now)).toBe('451');
    expect(await replyTo(url, [SECRET], now - 600_000)).toBe('451');
  } finally {
    const gone = once(child, 'exit');
    child.kill();
    await gone;
    await rm(folder, { recursive: true });
  }
});
