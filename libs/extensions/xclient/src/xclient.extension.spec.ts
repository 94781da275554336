/** XCLIENT: offered to trusted peers, and to nobody else (attack A16). */
import { contributionsOf, describeExtension, testSession } from '@mailverb/testing';
import xClientPlugin from './plugin.js';
import { XClientExtension } from './xclient.extension.js';

const sessions = () => [testSession({ trustedPeer: true }), testSession({ trustedPeer: false })];

describeExtension('XCLIENT', () => new XClientExtension(), { sessions });

it('lists its attributes to trusted peers, and to nobody else', () => {
  expect(sessions().map((session) => new XClientExtension().argument(session))).toEqual([
    'NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT',
    false,
  ]);
});

it('leaves room for long attributes', () => {
  expect(new XClientExtension().commandLineOctets).toBe(512);
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(xClientPlugin.name).toBe('extension-xclient');
  expect(contributionsOf(xClientPlugin)).toEqual([{ kind: 'extension', name: undefined, value: XClientExtension }]);
});
