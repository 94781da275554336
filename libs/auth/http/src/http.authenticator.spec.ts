/** http: what is asked, what is made of the answer, and that no answer is no "no". */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  contributionsOf,
  describeAuthenticator,
  recordingLogger,
  testSession,
  type AuthenticatorTools,
  type LogLine,
} from '@mailverb/testing';
import { HttpAuthenticator } from './http.authenticator.js';
import { httpOptions } from './http.options.js';
import httpAuthPlugin from './plugin.js';

const session = testSession();
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Asked {
  readonly body: Record<string, unknown>;
  readonly request: IncomingMessage;
}

async function scene(answer: (response: ServerResponse, asked: Asked) => void, options: object = {}) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const one = { request, body: JSON.parse(text) as Record<string, unknown> };
      asked.push(one);
      answer(response, one);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/check?x=1`;
  const log: LogLine[] = [];
  const authenticator = new HttpAuthenticator(httpOptions.parse({ url, ...options }), recordingLogger(log));
  authenticator.start();
  ends.push(async () => {
    await authenticator.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { authenticator, asked, log, server };
}

const says = (status: number, body: string) => (response: ServerResponse) => {
  response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end(body);
};

describe('auth/http', () => {
  it('asks with what there is to know, and the secret of the service', async () => {
    const { authenticator, asked } = await scene(says(200, '{"name":"ann@example.org"}'), {
      headers: { authorization: 'Bearer s3cret' },
    });
    expect(await authenticator.password?.('Ann', 'pa ss', session)).toBe('ann@example.org');
    expect(asked[0]?.body).toEqual({
      kind: 'password',
      name: 'Ann',
      password: 'pa ss',
      address: '192.0.2.1',
      listener: 'test',
    });
    const { method, url, headers } = asked[0]?.request ?? {};
    expect([method, url, headers?.authorization]).toEqual(['POST', '/check?x=1', 'Bearer s3cret']);
  });

  it('knows who a token stands for, and nobody where the service does not say', async () => {
    const { authenticator } = await scene(
      (response, { body }) => says(200, body['token'] === 'good' ? '{"name":"ann"}' : '{}')(response),
      { methods: ['token'] },
    );
    expect(authenticator.password).toBeUndefined();
    expect(await authenticator.token?.('good', session)).toBe('ann');
    expect(await authenticator.token?.('odd', session)).toBeUndefined();
  });

  it('takes the name that was asked where the service says no other, and nothing else', async () => {
    const { authenticator } = await scene(says(200, '{}'));
    expect(await authenticator.password?.('ann', 'x', session)).toBe('ann');
    expect(authenticator.token).toBeUndefined();
  });

  it('looks at the name, whatever is beside it', async () => {
    const { authenticator } = await scene(says(200, '{"name":"ann","groups":["staff"]}'));
    expect(await authenticator.password?.('ann', 'x', session)).toBe('ann');
  });

  it.each([401, 403])('%d is a no', async (status) => {
    const { authenticator, log } = await scene(says(status, 'no'));
    expect(await authenticator.password?.('ann', 'x', session)).toBeUndefined();
    expect(log).toEqual([]);
  });

  it.each([
    ['500', says(500, '{"name":"ann"}'), 'status 500'],
    ['404', says(404, '{"name":"ann"}'), 'status 404'],
    ['204', says(204, ''), 'status 204'],
    ['a redirect', says(302, '{"name":"ann"}'), 'status 302'],
    ['no JSON', says(200, 'ann'), 'not JSON'],
    ['another form', says(200, '["ann"]'), 'another form'],
    ['a name that is none', says(200, '{"name":""}'), 'another form'],
    ['no name at all', says(200, '{"name":null}'), 'another form'],
    ['a no that says 200', says(200, '{"ok":false}'), 'another form'],
    ['an error that says 200', says(200, '{"error":"wrong password"}'), 'another form'],
    ['too much', says(200, `{"name":"ann","more":"${'x'.repeat(100_000)}"}`), 'UND_ERR'],
    ['a connection that breaks', (response: ServerResponse) => void response.destroy(), 'UND_ERR'],
    [
      'half an answer',
      (response: ServerResponse) => void response.writeHead(200, { 'content-length': 99 }).write('{"na'),
      '',
    ],
  ])('%s is no answer (attack A26)', async (_what, answer, why) => {
    const { authenticator, log } = await scene(answer, { timeout: '300ms' });
    await expect(authenticator.password?.('ann', 'pa55word', session)).rejects.toThrow(why);
    expect(log).toHaveLength(1);
    expect(JSON.stringify(log)).not.toContain('pa55word');
  });

  it('that is not there is no answer', async () => {
    const { authenticator, server } = await scene(says(200, '{}'));
    await new Promise((resolve) => server.close(resolve));
    await expect(authenticator.password?.('ann', 'x', session)).rejects.toThrow('ECONNREFUSED');
    await authenticator.stop();
    await expect(authenticator.password?.('ann', 'x', session)).rejects.toThrow('not started');
  });

  it('asks about any name as it is', async () => {
    const { authenticator, asked } = await scene(says(401, ''));
    const names = ['\0', 'a\r\nb', '__proto__', '"}', '\u{1f4e7}', 'x'.repeat(10_000)];
    for (const name of names) expect(await authenticator.password?.(name, name, session)).toBeUndefined();
    expect(asked.map(({ body }) => body['name'])).toEqual(names);
  });

  it('does not say what stands in its URL behind the path', async () => {
    const { authenticator, log } = await scene(says(500, ''), {});
    await expect(authenticator.password?.('ann', 'x', session)).rejects.not.toThrow('x=1');
    expect(log[0]?.fields['url']).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/check$/);
  });
});

describe('with a service', () => {
  let service: Server;
  const headers = { authorization: 'Bearer of the service' };
  const right = { password: 'correct horse', token: 'tok.of.ann' };

  beforeAll(async () => {
    service = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { kind, name, password, token } = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
        const yes =
          kind === 'password'
            ? name === 'ann' && password === right.password
            : kind === 'token' && token === right.token;
        response.writeHead(yes ? 200 : 401).end(yes ? '{"name":"ann@example.org"}' : 'no');
      });
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    service.closeAllConnections();
    await new Promise((resolve) => service.close(resolve));
  });

  const make = (url: () => string) => (tools: AuthenticatorTools) =>
    new HttpAuthenticator(httpOptions.parse({ url: url(), headers, methods: ['password', 'token'] }), tools.logger);

  describeAuthenticator(
    'http',
    make(() => `http://127.0.0.1:${(service.address() as AddressInfo).port}/`),
    {
      knows: { name: 'ann', acts: 'ann@example.org', ...right },
      down: make(() => 'http://127.0.0.1:1/'),
      secrets: [headers.authorization],
    },
  );
});

it('knows its options and no others', () => {
  const url = 'https://auth.example.org/';
  expect(httpOptions.safeParse({ url, uri: url }).success).toBe(false);
  const strange = [
    'ftp://example.org',
    'file:///etc/passwd',
    'auth',
    'http://ann:pw@example.org/',
    'https://ann@example.org',
  ];
  for (const bad of strange) {
    expect(httpOptions.safeParse({ url: bad }).success).toBe(false);
  }
  expect(httpOptions.safeParse({ url: 'https://example.org/check?by=ann@example.org' }).success).toBe(true);
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(httpAuthPlugin.name).toBe('auth-http');
  expect(contributionsOf(httpAuthPlugin)).toEqual([
    { kind: 'authenticator', name: undefined, value: HttpAuthenticator },
  ]);
});
