/** The README, tried by somebody who does what it says: its commands, its files, its lines to try. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from './client';
import { folder, ROOT } from './folder';
import { names, stored, trace } from './maildir';
import { peer, run, startGroup, succeed } from './program';
import { MAIN, MailServer } from './server';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** No daemon that outlives the test, and words without colours, which Nx also uses where CI is set. */
const ENV = { ...process.env, NX_DAEMON: 'false', NO_COLOR: '1' };

/** The port of a server without configuration, and of the README's. */
const PORT = 2525;

/** The README's fenced blocks of a language, in order. */
function blocks(language: string): readonly string[] {
  return [...README.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].filter((m) => m[1] === language).map((m) => m[2] ?? '');
}

/** A block that begins with a comment which names its file. */
function fileBlock(name: string): string {
  const found = [...blocks('js'), ...blocks('yaml')].find((text) => text.split('\n')[0]?.endsWith(` ${name}`));
  if (found === undefined) throw new Error(`the README shows no ${name}`);
  return found;
}

/** The one command line among its `sh` blocks that has these words, or what follows `npm ci &&` in it. */
function command(words: string): string {
  const [found, ...more] = blocks('sh').filter((text) => text.includes(words));
  if (found === undefined || more.length > 0) throw new Error(`the README has ${more.length + 1} commands "${words}"`);
  return found.trim().replace(/^npm ci && /, '');
}

/** Where a server that is started in the checkout puts mail. What was there before stays. */
class CheckoutMail {
  readonly maildir = join(ROOT, 'var/mail');
  private readonly hadVar = existsSync(join(ROOT, 'var'));
  private readonly before = new Set(names(this.maildir));
  private readonly files: string[] = [];

  /** What has come since. */
  arrived(): readonly string[] {
    const come = names(this.maildir).filter((name) => !this.before.has(name));
    return come.map((name) => trace(readFileSync(join(this.maildir, 'new', name))).message.toString());
  }

  /** Writes a file into the checkout's root. @throws if there is one. */
  write(name: string, text: string): void {
    const path = join(ROOT, name);
    writeFileSync(path, text, { flag: 'wx' });
    this.files.push(path);
  }

  clear(): void {
    for (const path of this.files) rmSync(path);
    for (const name of names(this.maildir)) if (!this.before.has(name)) rmSync(join(this.maildir, 'new', name));
    if (!this.hadVar) rmSync(join(ROOT, 'var'), { recursive: true, force: true });
  }
}

let checkout: CheckoutMail;

beforeEach(async () => {
  if (await answers(PORT)) throw new Error(`something else listens on port ${PORT}, which the README's commands need`);
  checkout = new CheckoutMail();
});
afterEach(() => checkout.clear());

/** The lines to try that a server without configuration prints. */
function lines(server: MailServer): { readonly curl: string; readonly swaks: string } {
  const said = server.said();
  return { curl: /^.*\| curl .*$/m.exec(said)?.[0] ?? '', swaks: /^ *swaks .*$/m.exec(said)?.[0] ?? '' };
}

describe('the first start', () => {
  it('by Nx, from the checkout: the printed lines send mail that arrives in ./var/mail', async () => {
    // A group, as a shell makes it: Ctrl+C is for all of it.
    const child = startGroup('bash', ['-c', `exec ${command('nx serve')}`], {
      cwd: ROOT,
      env: ENV,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const server = await MailServer.listening(child);
    expect(server.port).toBe(PORT);
    expect(server.said()).toContain(`mail goes into the Maildir ${checkout.maildir}`);
    peer('curl');
    await succeed('bash', ['-c', lines(server).curl]);
    peer('swaks');
    await succeed('bash', ['-c', lines(server).swaks]);
    const arrived = checkout.arrived();
    expect(arrived).toContain('Subject: hello\r\n\r\nIt works.\r\n');
    expect(arrived).toHaveLength(2);
    // npm and Nx have their own ways to say that Ctrl+C has ended them.
    expect(['SIGINT', 130, 0]).toContain(await server.stop('SIGINT'));
    // Nx may end before what it has started is gone.
    while (await answers(PORT)) await wait(50);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'anywhere: ./var/mail is where it was started, and %s ends it with 0',
    async (signal) => {
      const path = folder();
      const server = await MailServer.from(process.execPath, [MAIN, 'serve'], path);
      expect(server.said()).toContain(`listening on 127.0.0.1:${PORT} (SMTP, `);
      expect(server.said()).toContain(`mail goes into the Maildir ${join(path, 'var/mail')}\n`);
      await succeed('bash', ['-c', lines(server).curl]);
      const [file] = stored(join(path, 'var/mail'));
      const { returnPath, received, message } = trace(file ?? Buffer.alloc(0));
      expect(returnPath).toBe('Return-Path: <me@example.org>\r\n');
      expect(received).toContain('for <you@example.org>');
      expect(message.toString()).toBe('Subject: hello\r\n\r\nIt works.\r\n');
      expect(await server.stop(signal)).toBe(0);
    },
  );
});

describe('the first plugin', () => {
  it('its two files and its command make a server that knows XHELLO', async () => {
    for (const name of ['xhello.mjs', 'mailverb.yaml']) checkout.write(name, fileBlock(name));
    const server = await MailServer.from(
      'bash',
      ['-c', command('--config mailverb.yaml').replace('&& node', '&& exec node')],
      ROOT,
    );
    const client = await Client.greeted(server.port);
    expect((await client.expect(250, 'XHELLO Ann')).text).toBe('250 2.0.0 Hello Ann\r\n');
    await client.data();
    client.write('Subject: x\r\n\r\n.\r\n');
    await client.expect(250);
    await client.expect(221, 'QUIT');
    expect(checkout.arrived()).toEqual(['Subject: x\r\n\r\n']);
    expect(await server.stop()).toBe(0);
  });

  it('its generator would make a library', async () => {
    const generator = /`(npx nx g @mailverb\/plugin:verb [a-z]+)`/.exec(README)?.[1];
    expect(generator).toBeDefined();
    const { stdout } = await succeed('bash', ['-c', `${generator} --dry-run`], {
      cwd: ROOT,
      env: ENV,
    });
    expect(stdout).toContain('CREATE libs/verbs/hello/src/hello.verb.ts');
  });
});

describe('TLS and AUTH', () => {
  it('its three commands and its file make a server to which somebody can log in', async () => {
    const path = folder();
    writeFileSync(join(path, 'submission.yaml'), fileBlock('submission.yaml'));
    const here = command('--config submission.yaml').replaceAll('apps/smtp-server/dist/main.cjs', MAIN).split('\n');
    const [certificate = '', user = '', serve = ''] = here;
    await succeed('bash', ['-c', certificate], { cwd: path });
    await succeed('bash', ['-c', user], { cwd: path, input: 'correct horse\n' });
    const server = await MailServer.from('bash', ['-c', `exec ${serve}`], path);
    const mail = ['--mail-from', 'ann@example.org', '--mail-rcpt', 'you@example.net', '-T', '-'];
    const url = [`smtp://localhost:${server.port}`, '--ssl-reqd', '--cacert', 'cert.pem'];
    const send = (password: string) =>
      run(peer('curl'), ['-sS', ...url, ...mail, '-u', `ann@example.org:${password}`], {
        cwd: path,
        input: 'Subject: x\r\n\r\n.\r\n',
      });
    expect(await send('wrong')).toMatchObject({ code: 67 });
    expect(await send('correct horse')).toMatchObject({ code: 0, stderr: '' });
    expect(stored(join(path, 'var/mail'))).toHaveLength(1);
    expect(await server.stop()).toBe(0);
  });
});

it('each delivery that it shows is a right configuration', async () => {
  const shown = blocks('yaml').flatMap((text) => text.split('\n').filter((line) => line.startsWith('delivery: ')));
  expect(shown.length).toBeGreaterThanOrEqual(4);
  for (const line of shown) {
    const path = folder();
    writeFileSync(
      join(path, 'my-delivery.mjs'),
      `import { definePlugin } from '@mailverb/contract';
export default definePlugin({
  name: 'delivery-mine',
  register: (contribute) => contribute.delivery('mine', { durability: 'none', begin() { throw new Error('not now'); } }),
});\n`,
    );
    writeFileSync(join(path, 'mailverb.yaml'), `${line}\n`);
    const { code, stderr } = await run(process.execPath, [MAIN, 'check', '--config', 'mailverb.yaml'], { cwd: path });
    expect([line, stderr, code]).toEqual([line, '', 0]);
  }
});

it('its commands are those that CI runs, and what it links to is there', () => {
  expect(blocks('sh').map((text) => text.trim())).toEqual(
    expect.arrayContaining(['npm ci && npx nx serve smtp-server', 'npm ci && npm test']),
  );
  expect(readFileSync(join(ROOT, '.ci/run'), 'utf8')).toContain('npm ci && npm test');
  const links = [...README.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? '');
  expect(links.filter((link) => !existsSync(join(ROOT, link)))).toEqual([]);
  expect(links.length).toBeGreaterThan(10);
});

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
