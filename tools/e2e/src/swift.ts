/**
 * A store that speaks S3 and was written by others: OpenStack Swift, whose proxy compares signatures and checksums. Its own protocol shows what is there.
 * One of each of its servers, with one place for data, and memcached for tokens.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port';
import { peer, start, succeed } from './program';

const SERVERS = ['account', 'container', 'object'] as const;

/** What an object is like. */
export interface SwiftObject {
  readonly name: string;
  readonly bytes: Buffer;
  readonly headers: Headers;
}

/** See above. */
export class Swift {
  /** What an S3 client signs with. */
  static readonly credentials = { accessKeyId: 'test:tester', secretAccessKey: 'testing' };

  private constructor(
    readonly endpoint: string,
    private readonly account: string,
    private readonly token: string,
  ) {}

  /** Starts one in a folder. */
  static async start(path: string): Promise<Swift> {
    mkdirSync(join(path, 'data', 'd1'), { recursive: true });
    const memory = await freePort();
    const user = userInfo().username;
    const base = `[DEFAULT]\nbind_ip = 127.0.0.1\nuser = ${user}\nswift_dir = ${path}\nworkers = 0\n`;
    const programs: [string, readonly string[], number][] = [
      ['memcached', ['-l', '127.0.0.1', '-p', `${memory}`, '-u', user, '-U', '0'], memory],
    ];
    for (const server of SERVERS) {
      const port = await freePort();
      const builder = join(path, `${server}.builder`);
      const ring = peer('swift-ring-builder');
      await succeed(ring, [builder, 'create', '3', '1', '0']);
      await succeed(ring, [builder, 'add', `r1z1-127.0.0.1:${port}/d1`, '1']);
      await succeed(ring, [builder, 'rebalance']);
      const config = join(path, `${server}.conf`);
      writeFileSync(
        config,
        `${base}bind_port = ${port}
devices = ${join(path, 'data')}
mount_check = false
[pipeline:main]
pipeline = ${server}-server
[app:${server}-server]
use = egg:swift#${server}
`,
      );
      programs.push([`swift-${server}-server`, [config], port]);
    }
    const port = await freePort();
    const config = join(path, 'proxy.conf');
    const filters = ['catch_errors', 'cache', 's3api', 'tempauth', 'slo', 'dlo'];
    const settings: Readonly<Record<string, string>> = {
      cache: `memcache_servers = 127.0.0.1:${memory}\n`,
      s3api: 'location = us-east-1\n',
      tempauth: 'user_test_tester = testing .admin\n',
    };
    writeFileSync(
      config,
      `${base}bind_port = ${port}
[pipeline:main]
pipeline = ${filters.join(' ')} proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
${filters.map((name) => `[filter:${name}]\nuse = egg:swift#${name === 'cache' ? 'memcache' : name}\n${settings[name] ?? ''}`).join('')}`,
    );
    programs.push(['swift-proxy-server', [config], port]);
    await Promise.all(programs.map((program) => run(...program)));
    const endpoint = `http://127.0.0.1:${port}`;
    const login = await fetch(`${endpoint}/auth/v1.0`, {
      headers: { 'x-storage-user': 'test:tester', 'x-storage-pass': 'testing' },
    });
    return new Swift(endpoint, login.headers.get('x-storage-url') ?? '', login.headers.get('x-auth-token') ?? '');
  }

  /** Makes a bucket. */
  async make(bucket: string): Promise<void> {
    await this.request('PUT', `/${bucket}`);
  }

  /** Names of what is in a bucket. */
  async list(bucket: string): Promise<string[]> {
    const text = await (await this.request('GET', `/${bucket}`)).text();
    return text.split('\n').filter((name) => name !== '');
  }

  /** All that is in a bucket. */
  async objects(bucket: string): Promise<SwiftObject[]> {
    const found: SwiftObject[] = [];
    for (const name of await this.list(bucket)) {
      const answer = await this.request('GET', `/${bucket}/${name}`);
      found.push({ name, bytes: Buffer.from(await answer.arrayBuffer()), headers: answer.headers });
    }
    return found;
  }

  private async request(method: string, path: string): Promise<Response> {
    const answer = await fetch(`${this.account}${path}`, { method, headers: { 'x-auth-token': this.token } });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
}

/** They say nowhere that they listen. */
const PATIENCE_MS = 30_000;

async function run(program: string, args: readonly string[], port: number): Promise<void> {
  const child = start(peer(program), args, { stdio: 'ignore' });
  const end = Date.now() + PATIENCE_MS;
  while (!(await answers(port))) {
    if (ended(child)) throw new Error(`${program} ended with ${child.signalCode ?? child.exitCode}`);
    if (Date.now() > end) throw new Error(`${program} does not listen`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function ended(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const connected = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return connected;
}
