/** STARTTLS: offered where TLS can be begun, and nowhere else. */
import type { Session } from '@mailverb/contract';
import { contributionsOf, describeExtension, testSession } from '@mailverb/testing';
import startTlsPlugin from './plugin.js';
import { StartTlsExtension } from './starttls.extension.js';

describeExtension('STARTTLS', () => new StartTlsExtension());

const on = (tls: Session['listener']['tls']) => testSession({ listener: { ...testSession().listener, tls } });

it('is offered in clear where there are certificates, and not within TLS', () => {
  const extension = new StartTlsExtension();
  expect((['none', 'starttls', 'implicit'] as const).map((tls) => extension.argument(on(tls)))).toEqual([
    false,
    undefined,
    false,
  ]);
  const tls = { version: 'TLSv1.3', cipher: 'x', serverName: undefined, clientCertificate: undefined };
  expect(extension.argument({ ...on('starttls'), tls: { ...tls, channelBinding: () => undefined } })).toBe(false);
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(startTlsPlugin.name).toBe('extension-starttls');
  expect(contributionsOf(startTlsPlugin)).toEqual([{ kind: 'extension', name: undefined, value: StartTlsExtension }]);
});
