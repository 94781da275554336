/** XFORWARD: offered to trusted peers, and to nobody else (attack A16). */
import { contributionsOf, describeExtension, testSession } from '@mailverb/testing';
import xForwardPlugin from './plugin.js';
import { XForwardExtension } from './xforward.extension.js';

const sessions = () => [testSession({ trustedPeer: true }), testSession({ trustedPeer: false })];

describeExtension('XFORWARD', () => new XForwardExtension(), { sessions });

it('lists its attributes to trusted peers, and to nobody else', () => {
  expect(sessions().map((session) => new XForwardExtension().argument(session))).toEqual([
    'NAME ADDR PORT PROTO HELO IDENT SOURCE',
    false,
  ]);
});

it('leaves room for long attributes', () => {
  expect(new XForwardExtension().commandLineOctets).toBe(512);
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(xForwardPlugin.name).toBe('extension-xforward');
  expect(contributionsOf(xForwardPlugin)).toEqual([{ kind: 'extension', name: undefined, value: XForwardExtension }]);
});
