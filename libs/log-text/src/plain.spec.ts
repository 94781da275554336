import { reply } from '@mailverb/protocol';
import { SmtpError } from '@mailverb/contract';
import vm from 'node:vm';
import { plainFields, plainText } from './plain.js';
import { secretNames } from './secrets.js';

const isSecret = secretNames();
const bush = (depth: number): unknown => (depth === 0 ? 'leaf' : Array(60).fill(bush(depth - 1)));
const plain = (fields: Record<string, unknown>) => plainFields(fields, isSecret);

describe('plainFields', () => {
  it('keeps what is plain and leaves out what is undefined', () => {
    expect(plain({ a: 'x', b: 1, c: true, d: null, e: undefined, f: [1, { g: 'h' }] })).toEqual({
      a: 'x',
      b: 1,
      c: true,
      d: null,
      f: [1, { g: 'h' }],
    });
  });

  it('says what JSON cannot say', () => {
    const fields = {
      nan: Number.NaN,
      big: 12n,
      symbol: Symbol('s'),
      call: () => 1,
      bytes: new Uint8Array(7),
      date: new Date(0),
      set: new Set(['a']),
      map: new Map<unknown, unknown>([
        ['k', 1],
        ['password', 2],
      ]),
      reply: reply(550, '5.1.1', 'no such user'),
      bare: Object.assign(Object.create(null), { x: 1 }),
      far: vm.runInNewContext('({ x: 1 })') as unknown,
    };
    expect(plain(fields)).toEqual({
      nan: 'NaN',
      big: '12',
      symbol: 'Symbol(s)',
      call: '[function]',
      bytes: '[7 octets]',
      date: '1970-01-01T00:00:00.000Z',
      set: ['a'],
      map: { k: 1, password: '[redacted]' },
      reply: '550 5.1.1 no such user',
      bare: { x: 1 },
      far: { x: 1 },
    });
  });

  it('redacts at any depth, without reading', () => {
    const read = jest.fn();
    const fields = {
      password: 'p',
      a: { list: [{ token: 't', user: 'u' }] },
      get secret() {
        return read();
      },
    };
    expect(plain(fields)).toEqual({
      password: '[redacted]',
      a: { list: [{ token: '[redacted]', user: 'u' }] },
      secret: '[redacted]',
    });
    expect(read).not.toHaveBeenCalled();
  });

  it('hides the password of a URL', () => {
    expect(plain({ url: new URL('smtp://u:pw@host.example/') })).toEqual({ url: 'smtp://u:***@host.example/' });
    expect(plain({ url: new URL('smtp://host.example/') })).toEqual({ url: 'smtp://host.example/' });
  });

  it('shows an error with its stack, cause and fields', () => {
    const cause = Object.assign(new Error('disk full'), { code: 'ENOSPC' });
    const error = new SmtpError(reply(451, '4.3.0', 'try later'), 'no room', { path: 'x', token: 't' }, { cause });
    expect(plain({ error })).toEqual({
      error: {
        name: 'SmtpError',
        message: 'no room',
        stack: expect.stringContaining('plain.spec'),
        cause: { name: 'Error', message: 'disk full', code: 'ENOSPC', stack: expect.any(String) },
        reply: '451 4.3.0 try later',
        fields: { path: 'x', token: '[redacted]' },
      },
    });
    expect(plain({ error: new AggregateError([new Error('one')], 'all') })).toMatchObject({
      error: { message: 'all', errors: [{ message: 'one' }] },
    });
  });

  it('knows an error of another realm, and one given where fields belong', () => {
    expect(plain({ error: vm.runInNewContext('new TypeError("far")') as unknown })).toMatchObject({
      error: { name: 'TypeError', message: 'far' },
    });
    expect(plainFields(new Error('bare') as never, isSecret)).toMatchObject({ error: { message: 'bare' } });
    expect(plainFields(undefined as never, isSecret)).toEqual({});
    expect(plainFields('text' as never, isSecret)).toEqual({});
  });

  it('survives whatever throws or never ends', () => {
    const circular: Record<string, unknown> = { a: 1 };
    circular['self'] = circular;
    const errorLoop = new Error('loop');
    errorLoop.cause = errorLoop;
    const hostile = {
      circular,
      errorLoop,
      get getter(): string {
        throw new Error('no');
      },
      toJson: {
        toJSON() {
          throw new Error('no');
        },
      },
      toItself: {
        toJSON() {
          return this;
        },
      },
      toText: {
        toString() {
          throw new Error('no');
        },
      },
      proxy: new Proxy(
        {},
        {
          ownKeys() {
            throw new Error('no');
          },
          getPrototypeOf() {
            throw new Error('no');
          },
        },
      ),
      invalid: new Date(Number.NaN),
    };
    expect(plain(hostile)).toEqual({
      circular: { a: 1, self: '[circular]' },
      errorLoop: { name: 'Error', message: 'loop', stack: expect.any(String), cause: '[circular]' },
      getter: '[unreadable]',
      toJson: '[unreadable]',
      toItself: '[unreadable]',
      toText: '[unreadable]',
      proxy: '[unreadable]',
      invalid: null,
    });
    const evil = new Proxy(
      {},
      {
        getPrototypeOf() {
          throw new Error('no');
        },
        ownKeys() {
          throw new Error('no');
        },
      },
    );
    expect(plainFields(evil, isSecret)).toEqual({ unreadable: true });
  });

  it('shows what appears twice side by side twice: that is no circle', () => {
    const shared = { x: 1 };
    expect(plain({ a: shared, b: shared })).toEqual({ a: { x: 1 }, b: { x: 1 } });
  });

  it('has a bound for everything', () => {
    let deep: unknown = 'bottom';
    for (let i = 0; i < 10_000; i++) deep = { deep };
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i]));
    const line = JSON.stringify(plain({ deep, wide, bush: bush(5), text: 'x'.repeat(1_000_000) }));
    expect(line.length).toBeLessThan(64_000);
    expect(line).toContain('[too deep]');
    expect(line).toContain('9936 more');
    expect(line).toContain('…(991808 more)');
    const texts = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`t${i}`, 'x'.repeat(8000)]));
    expect(JSON.stringify(plain(texts)).length).toBeLessThan(70_000);
    expect(JSON.stringify(plain({ ['n'.repeat(1000)]: 1 })).length).toBeLessThan(300);
    expect(JSON.stringify(plain({ map: new Map(Object.entries(wide)), set: new Set(Object.keys(wide)) }))).toMatch(
      /9936 more.*9936 more/,
    );
  });

  it('takes __proto__ for a name like others (attack A10)', () => {
    const out = plain(JSON.parse('{"__proto__": {"polluted": 1}}') as Record<string, unknown>);
    expect(Object.getPrototypeOf(out)).toBe(Object.prototype);
    expect(JSON.stringify(out)).toBe('{"__proto__":{"polluted":1}}');
  });

  it('changes nothing that it was given', () => {
    const fields = Object.freeze({ error: Object.freeze(new Error('x')), list: Object.freeze([1]), password: 'p' });
    expect(() => plain(fields)).not.toThrow();
    expect(fields.password).toBe('p');
  });
});

describe('plainText', () => {
  it('is text within its bound, whatever it is given', () => {
    expect(plainText('hello')).toBe('hello');
    expect(plainText(undefined)).toBe('null');
    expect(plainText(7)).toBe('7');
    expect(plainText({ a: [1], password: 'p' })).toBe('{"a":[1],"password":"[redacted]"}');
    // As a string it would be longer than any string can be.
    expect(plainText(bush(9)).length).toBeLessThan(8300);
    expect(plainText('x'.repeat(1_000_000)).length).toBeLessThan(8300);
  });
});
