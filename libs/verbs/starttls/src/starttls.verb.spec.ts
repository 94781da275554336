/** STARTTLS: when it may begin, and what is said when it may not. */
import type { Session, TlsFacts } from '@mailverb/contract';
import { PHASE_TABLE } from '@mailverb/protocol';
import { contributionsOf, describeVerb, testSession } from '@mailverb/testing';
import startTlsPlugin from './plugin.js';
import { startTlsOptions } from './starttls.options.js';
import { StartTlsVerb } from './starttls.verb.js';

const make = (options: Parameters<typeof startTlsOptions.parse>[0] = {}) =>
  new StartTlsVerb(startTlsOptions.parse(options));

const TLS: TlsFacts = {
  version: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  serverName: undefined,
  clientCertificate: undefined,
  channelBinding: () => undefined,
};

const on = (tls: Session['listener']['tls']) => testSession({ listener: { ...testSession().listener, tls } });

describeVerb('starttls', make, { session: on('starttls'), args: [''], refuses: ['now', 'STARTTLS', '1', '\u00e4'] });

describe('STARTTLS', () => {
  it('says that it is ready, and then TLS begins', () => {
    const { reply, effect } = make().perform();
    expect(String(reply)).toBe('220 2.0.0 Ready to start TLS');
    expect(effect).toEqual({ type: 'upgrade' });
  });

  it('has no parameters, and comes once', () => {
    expect(String(make().parse('x', on('starttls')))).toMatch(/^501 5\.5\.4/);
    expect(make().parse('', on('starttls'))).toEqual({});
    expect(String(make().parse('', { ...on('starttls'), tls: TLS }))).toMatch(/^503 5\.5\.1 TLS is active/);
  });

  it('exists where there is something to start, and nowhere else', () => {
    expect((['none', 'starttls', 'implicit'] as const).map((tls) => make().available(on(tls)))).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('is legal after EHLO and outside transactions, and ends its group unless it is told to drop', () => {
    expect(make().phases).toEqual(['greeted']);
    expect(make().endsBatch).toBe(PHASE_TABLE.STARTTLS.endsBatch);
    expect(make({ injected: 'drop' }).endsBatch).toBe(false);
  });

  it('knows its options and no others', () => {
    expect(startTlsOptions.parse({})).toEqual({ injected: 'close' });
    expect(startTlsOptions.safeParse({ injected: 'execute' }).success).toBe(false);
    expect(startTlsOptions.safeParse({ inject: 'drop' }).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(startTlsPlugin.name).toBe('verb-starttls');
  expect(contributionsOf(startTlsPlugin)).toEqual([{ kind: 'verb', name: undefined, value: StartTlsVerb }]);
});
