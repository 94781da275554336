/** What may be given to a logger: text of strangers, values of plugins, secrets (attacks A6, A10, A23). For the contract suites. */
import type { LogFields } from '@mailverb/contract';
import { hasControl } from './hostile.js';

/** Text that tries to be more than one line, or to drive a terminal. */
export const HOSTILE_LINES: readonly { readonly title: string; readonly text: string }[] = [
  { title: 'CR LF', text: 'a\r\nlevel=info all is well' },
  { title: 'LF alone', text: 'a\nb' },
  { title: 'CR alone', text: 'a\rb' },
  { title: 'an escape sequence', text: '\x1b[2J\x1b]0;title\x07\x1b[31m' },
  { title: 'a C1 escape', text: '\x9b31m\x85\x90' },
  { title: 'NUL', text: 'a\0b' },
  { title: 'DEL and backspace', text: 'a\x7f\b\b\b' },
  { title: 'line ends of Unicode', text: 'a\u2028b\u2029c\x0bd\x0c' },
  { title: 'half a character', text: 'a\ud800b\udc00' },
  { title: 'quotes and braces', text: '"}\\","level":60}\' \\' },
  { title: 'a name of every object', text: '__proto__' },
  { title: 'nothing', text: '' },
];

/** A megabyte of it. */
export const MANY = 'endless\n'.repeat(131_072);

/** Fails the test unless the text is complete lines without a control character (attack A6). @returns the lines. */
export function expectLines(text: string): readonly string[] {
  if (text === '') return [];
  expect(text.endsWith('\n')).toBe(true);
  const lines = text.slice(0, -1).split('\n');
  expect(lines.filter(hasControl)).toEqual([]);
  return lines;
}

/** Values that throw, loop, or that JSON cannot say. Each time a fresh one. */
export function hostileValues(): readonly { readonly title: string; readonly make: () => unknown }[] {
  const fail = (): never => {
    throw new Error('do not look');
  };
  return [
    { title: 'a circle', make: circle },
    { title: 'an error in a circle', make: () => circularError() },
    { title: 'a bigint', make: () => 12345678901234567890n },
    { title: 'a symbol', make: () => Symbol('a\nb') },
    { title: 'a function', make: () => fail },
    { title: 'undefined', make: () => undefined },
    { title: 'null', make: () => null },
    { title: 'NaN', make: () => Number.NaN },
    { title: 'an invalid date', make: () => new Date(Number.NaN) },
    { title: 'bytes', make: () => Buffer.from('a\nb') },
    { title: 'a map and a set', make: () => ({ map: new Map([[{}, circle()]]), set: new Set([circle()]) }) },
    { title: 'an object without a prototype', make: () => Object.assign(Object.create(null), { a: 1 }) },
    { title: 'a getter that throws', make: () => Object.defineProperty({}, 'a', { get: fail, enumerable: true }) },
    { title: 'a toJSON that throws', make: () => ({ toJSON: fail }) },
    { title: 'a toJSON that is no function', make: () => ({ toJSON: 'x', toString: 'y', constructor: null }) },
    { title: 'a toString that throws', make: () => ({ toString: fail, [Symbol.toPrimitive]: fail }) },
    { title: 'an iterator that throws', make: () => Object.assign([1, 2], { [Symbol.iterator]: fail }) },
    { title: 'an error whose parts throw', make: () => brokenError(fail) },
    { title: 'a proxy that throws', make: () => new Proxy({}, trap(fail)) },
    { title: 'a revoked proxy', make: revoked },
    { title: 'a very deep object', make: () => deep(10_000) },
    {
      title: 'a very wide object',
      make: () => Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i])),
    },
    { title: 'a very long list', make: () => Array(100_000).fill('x') },
    { title: 'a bush', make: () => bush(5) },
    { title: '__proto__ as a name', make: () => JSON.parse('{"__proto__":{"polluted":true}}') as unknown },
    {
      title: "the logger's own names",
      make: () => ({ level: 'fatal', time: 0, msg: 'forged', pid: 1, message: 'forged' }),
    },
    { title: 'what looks like a request', make: () => ({ method: 'GET', headers: {}, socket: {}, setHeader: fail }) },
  ];
}

/** Fields with a secret in them, which is `hunter2`, and `beside`, which is none. */
export function secretFields(): readonly { readonly title: string; readonly fields: LogFields }[] {
  const names = [
    'password',
    'Password',
    'smtpPassword',
    'pass',
    'passphrase',
    'secret',
    'client_secret',
    'token',
    'accessToken',
    'authorization',
    'Proxy-Authorization',
    'credentials',
    'apiKey',
    'private_key',
  ];
  const error = Object.assign(new Error('beside'), { password: 'hunter2' });
  return [
    ...names.map((name) => ({ title: name, fields: { [name]: 'hunter2', beside: 'beside' } })),
    { title: 'in an object', fields: { auth: { password: 'hunter2', user: 'beside' } } },
    { title: 'five objects down', fields: { a: { b: { c: { d: { token: 'hunter2', user: 'beside' } } } } } },
    { title: 'in a list', fields: { accounts: [{ secret: 'hunter2', user: 'beside' }] } },
    { title: 'in a map', fields: { headers: new Map([['authorization', 'hunter2']]), user: 'beside' } },
    { title: 'in an error', fields: { error } },
    { title: 'an object that is one', fields: { credentials: { name: 'hunter2', list: ['hunter2'] }, user: 'beside' } },
  ];
}

function circle(): unknown {
  const one: Record<string, unknown> = { name: 'circle' };
  one['self'] = one;
  one['list'] = [one];
  return one;
}

function circularError(): Error {
  const error = new Error('around');
  error.cause = new Error('and around', { cause: error });
  return error;
}

function brokenError(fail: () => never): Error {
  const error = new Error('x');
  // The stack first: V8 makes it of the others when it is touched.
  for (const part of ['stack', 'message', 'name', 'cause', 'code']) Object.defineProperty(error, part, { get: fail });
  return error;
}

function trap(fail: () => never): ProxyHandler<object> {
  return { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail, getOwnPropertyDescriptor: fail };
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function deep(levels: number): unknown {
  let value: unknown = 'bottom';
  for (let i = 0; i < levels; i++) value = { down: value };
  return value;
}

function bush(levels: number): unknown {
  return levels === 0 ? 'leaf' : Array(20).fill(bush(levels - 1));
}
