import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { HealthServer, type Condition } from './health.js';
import type { Page } from './page.js';

let condition: Condition = 'ready';
let metrics: () => Promise<Page | undefined> = () => Promise.resolve(undefined);
const health = new HealthServer({ condition: () => condition, metrics: () => metrics() });
let host = '';
let port = 0;
beforeAll(async () => {
  const address = await health.listen({ host: '127.0.0.1', port: 0 });
  [host = '', port = 0] = [address.split(':')[0], Number(address.split(':')[1])];
});
afterAll(() => health.close());

async function ask(path: string, method = 'GET') {
  const asked = request({ host, port, path, method });
  asked.end(method === 'POST' ? 'body' : undefined);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, body, headers: response.headers };
}

describe('health by HTTP', () => {
  it('is live while it answers', async () => {
    expect(await ask('/live')).toMatchObject({ status: 200, body: 'live\n', headers: { connection: 'close' } });
  });

  it.each([
    ['ready', 200],
    ['starting', 503],
    ['draining', 503],
  ] as const)('is %s: %d', async (now, status) => {
    condition = now;
    expect(await ask('/ready')).toMatchObject({ status, body: `${now}\n` });
    expect((await ask('/live')).status).toBe(200);
  });

  it('gives out the numbers, if somebody counts', async () => {
    metrics = () => Promise.resolve(undefined);
    expect(await ask('/metrics')).toMatchObject({ status: 404, body: expect.stringContaining('observers') as string });
    metrics = () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', text: 'a 1\n' });
    const { status, body, headers } = await ask('/metrics?name[]=a');
    expect([status, body, headers['content-type']]).toEqual([200, 'a 1\n', 'text/plain; version=0.0.4']);
    metrics = () => Promise.reject(new Error('private'));
    expect(await ask('/metrics')).toMatchObject({ status: 500, body: 'the numbers are not to be had\n' });
  });

  it('answers HEAD without a body', async () => {
    expect(await ask('/live', 'HEAD')).toMatchObject({ status: 200, body: '', headers: { 'content-length': '5' } });
  });

  it.each(['/', '/metrics/', '/live/x', '//live', '/../live', '*'])('has nothing at %s', async (path) => {
    expect((await ask(path)).status).toBe(404);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('does not do %s', async (method) => {
    expect(await ask('/live', method)).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  it('reads no more than a header (attack A13)', async () => {
    const socket = connect(port, host);
    socket.on('error', () => undefined);
    socket.write(`GET /live HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(100_000)}`);
    let said = '';
    socket.on('data', (chunk) => (said += String(chunk)));
    await once(socket, 'close');
    expect(said).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('keeps no connection', async () => {
    const socket = connect(port, host);
    socket.write('GET /live HTTP/1.1\r\nhost: x\r\n\r\nGET /live HTTP/1.1\r\nhost: x\r\n\r\n');
    let said = '';
    socket.on('data', (chunk) => (said += String(chunk)));
    await once(socket, 'close');
    expect(said.match(/HTTP\/1\.1 200/g)).toHaveLength(1);
  });
});
