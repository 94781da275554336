import { tlsSchema } from '../configuration/tls-shape.js';
import { planTls, relocate } from './listener-tls.js';

const parse = (tls: object | undefined) => (tls === undefined ? undefined : tlsSchema.parse(tls));
const planned = (top?: object, own?: object, port = 25, wrong: readonly string[] = []) =>
  planTls({ tls: parse(top), path: 'tls' }, { tls: parse(own), path: 'listeners[0].tls' }, port, new Set(wrong));
const pair = { cert: 'a.crt', key: 'a.key' };

describe('tls of a listener', () => {
  it('is none if nobody says any', () => {
    expect(planned()).toEqual({ plan: undefined, issues: [], moved: new Map() });
    expect(planned(pair, { mode: 'none' }).plan).toBeUndefined();
    expect(planned({ mode: 'none' }, pair).plan).toBeUndefined();
  });

  it('has its first certificate, then the others, and durations in milliseconds', () => {
    const others = [{ cert: 'b.crt', key: 'b.key', passphrase: 'x' }];
    const { plan, issues } = planned(undefined, { ...pair, certificates: others, reloadInterval: '1m' });
    expect(issues).toEqual([]);
    expect(plan).toEqual({ mode: 'starttls', certificates: [pair, ...others], reloadInterval: 60_000 });
  });

  it.each([
    [25, undefined, 'starttls'],
    [465, undefined, 'implicit'],
    [465, 'starttls', 'starttls'],
    [25, 'implicit', 'implicit'],
  ] as const)('on port %d with mode %s is %s', (port, mode, expected) => {
    expect(planned(pair, mode && { mode }, port).plan?.mode).toBe(expected);
  });

  it('is laid over the top level key by key, a certificate with its key and passphrase', () => {
    const top = { ...pair, passphrase: 'secret', minimumVersion: 'TLSv1.3', certificates: [{ cert: 'b', key: 'b' }] };
    expect(planned(top, { ciphers: 'ALL' }).plan).toMatchObject({
      certificates: [{ cert: 'a.crt', passphrase: 'secret' }, { cert: 'b' }],
      minimumVersion: 'TLSv1.3',
      ciphers: 'ALL',
    });
    expect(planned(top, { cert: 'c', key: 'c', certificates: [] }).plan).toEqual({
      mode: 'starttls',
      certificates: [{ cert: 'c', key: 'c' }],
      minimumVersion: 'TLSv1.3',
    });
  });

  it.each([
    [undefined, { mode: 'implicit' }, ['listeners[0].tls.cert', 'listeners[0].tls.key']],
    [undefined, { cert: 'a' }, ['listeners[0].tls.key']],
    [{ key: 'a' }, undefined, ['tls.cert']],
    [{ mode: 'implicit' }, undefined, ['tls.cert', 'tls.key']],
    // The key at the top belongs to the certificate there.
    [pair, { cert: 'b' }, ['listeners[0].tls.key']],
    [undefined, { ...pair, clientCertificates: 'require' }, ['listeners[0].tls.clientAuthorities']],
    [pair, { clientCertificates: 'request' }, ['listeners[0].tls.clientAuthorities']],
    [{ ...pair, clientAuthorities: 'ca' }, undefined, ['tls.clientAuthorities']],
  ])('%j and %j is wrong', (top, own, paths) => {
    expect(planned(top, own).issues.map(({ path }) => path)).toEqual(paths);
  });

  it('is not told to miss what was there and wrong', () => {
    expect(planned(undefined, { key: 'a' }, 25, ['listeners[0].tls.cert']).issues).toEqual([]);
    const asked = { ...pair, clientCertificates: 'require' };
    expect(planned(undefined, asked, 25, ['listeners[0].tls.clientAuthorities']).issues).toEqual([]);
  });

  it('knows where in the file stands what the core complains about', () => {
    const others = { certificates: [{ cert: 'b', key: 'b' }] };
    const from = (top: object | undefined, own: object | undefined, path: string) =>
      relocate(path, planned(top, own).moved);
    expect(from(undefined, pair, 'listeners[0].tls.certificates[0].cert')).toBe('listeners[0].tls.cert');
    expect(from(pair, { ciphers: 'x' }, 'listeners[0].tls.certificates[0].key')).toBe('tls.key');
    expect(from({ ...pair, ...others }, {}, 'listeners[0].tls.certificates[1].key')).toBe('tls.certificates[0].key');
    expect(from(pair, others, 'listeners[0].tls.certificates[1].key')).toBe('listeners[0].tls.certificates[0].key');
    expect(from(pair, { ciphers: 'x' }, 'listeners[0].tls.ciphers')).toBe('listeners[0].tls.ciphers');
    expect(from({ ...pair, ciphers: 'x' }, undefined, 'listeners[0].tls.ciphers')).toBe('tls.ciphers');
    expect(from(pair, undefined, 'listeners[1].tls.ciphers')).toBe('listeners[1].tls.ciphers');
  });
});
