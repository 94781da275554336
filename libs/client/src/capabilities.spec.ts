import { reply } from '@mailverb/protocol';
import { ServerCapabilities } from './capabilities.js';

const offered = (...lines: string[]) => new ServerCapabilities(reply(250, undefined, 'mx.example.org', ...lines));

describe('ServerCapabilities', () => {
  it('knows keywords in any case, and what follows them', () => {
    const of = offered('PIPELINING', 'size 1000', 'AUTH plain LOGIN', 'AUTH=LOGIN', 'XCLIENT NAME ADDR');
    expect(of.has('PIPELINING')).toBe(true);
    expect(of.has('SIZE')).toBe(true);
    expect(of.size).toBe(1000);
    expect(of.words('AUTH')).toEqual(['PLAIN', 'LOGIN', 'LOGIN']);
    expect(of.argument('PIPELINING')).toBe('');
    expect(of.argument('DSN')).toBeUndefined();
    expect(of.words('DSN')).toEqual([]);
    expect(of.list()).toEqual(['PIPELINING', 'SIZE', 'AUTH', 'XCLIENT']);
  });

  it('takes the first line for the name that it is', () => {
    expect(new ServerCapabilities(reply(250, undefined, 'SIZE 10')).has('SIZE')).toBe(false);
    expect(new ServerCapabilities().list()).toEqual([]);
  });

  it.each(['SIZE', 'SIZE 0', 'SIZE x', 'SIZE -1', `SIZE ${'9'.repeat(40)}`])('knows no limit from %j', (line) => {
    expect(offered(line).size).toBeUndefined();
  });

  it('is bounded, and has no prototype to be confused with (attack A10)', () => {
    expect(offered(...Array.from({ length: 5000 }, (_, i) => `X${i}`)).list()).toHaveLength(100);
    expect(offered('SIZE').has('__PROTO__')).toBe(false);
    expect(offered('__proto__ x').words('__PROTO__')).toEqual(['X']);
  });
});
