import { ConfigurationError, StartError, type ListenerPlan } from '@mailverb/core';
import { explainStartError } from './start-error.js';

const explain = (error: unknown, listener: Partial<ListenerPlan> = {}) =>
  explainStartError(error, {
    hostname: 'mx.example.org',
    listeners: [
      { name: 'other', port: 1, plugins: [], configPath: 'listeners[0]' },
      { name: 'mx', port: 25, plugins: [], configPath: 'listeners[1]', ...listener },
    ],
  });
const failed = (code: string) =>
  new StartError('listener mx', Object.assign(new Error('listen: what Node says'), { code }));

describe('why a server could not start', () => {
  it.each([
    ['EADDRINUSE', {}, 'listeners[1].port: 127.0.0.1:25 is already in use'],
    ['EADDRINUSE', { host: '::1' }, 'listeners[1].port: [::1]:25 is already in use'],
    ['EADDRINUSE', { port: undefined, path: '/run/mx.sock' }, 'listeners[1].path: /run/mx.sock is already in use'],
    [
      'EACCES',
      {},
      /^listeners\[1\]\.port: not allowed to listen on 127\.0\.0\.1:25: ports below 1024 need a privilege/,
    ],
    ['EACCES', { port: 2525 }, 'listeners[1].port: not allowed to listen on 127.0.0.1:2525'],
    ['EACCES', { port: undefined, path: '/run/mx.sock' }, 'listeners[1].path: not allowed to listen on /run/mx.sock'],
    ['EADDRNOTAVAIL', { host: '192.0.2.1' }, 'listeners[1].host: 192.0.2.1 is not an address of this machine'],
    ['ENOTFOUND', { host: 'mx.invalid' }, /^listeners\[1\]\.host: mx\.invalid is not known/],
    ['ENOENT', { port: undefined, path: '/no/mx.sock' }, 'listeners[1].path: the folder of /no/mx.sock does not exist'],
    ['EWHATEVER', {}, 'listeners[1].port: cannot listen on 127.0.0.1:25: listen: what Node says'],
  ] as const)('%s %j', (code, listener, expected) => {
    const line = explain(failed(code), listener);
    if (typeof expected === 'string') expect(line).toBe(expected);
    else expect(line).toMatch(expected);
    expect(line).not.toContain('\n');
  });

  it('may be a plugin', () => {
    expect(explain(new StartError('delivery maildir', new Error('EACCES: permission denied')))).toBe(
      'delivery maildir could not start: EACCES: permission denied',
    );
  });

  it('may be anything', () => {
    expect(explain('no reason')).toBe('cannot start: no reason');
    expect(explain(new ConfigurationError([{ path: 'a', message: 'wrong' }]))).toBe('a: wrong');
  });
});
