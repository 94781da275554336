/** SMTPUTF8: a parameter without a value, offered only beside 8BITMIME. */
import { contributionsOf, describeExtension, testCapabilities, testSession } from '@mailverb/testing';
import { SmtpUtf8Extension } from './smtputf8.extension.js';
import smtpUtf8Plugin from './plugin.js';

const make = (...offered: string[]): SmtpUtf8Extension =>
  new SmtpUtf8Extension(testCapabilities({ offers: (keyword) => offered.includes(keyword) }));

describeExtension('SMTPUTF8', () => make('8BITMIME'), {
  parameters: { 'MAIL SMTPUTF8': { takes: [[undefined, true]], refuses: ['', 'yes', '1'] } },
});

describe('SMTPUTF8', () => {
  const session = testSession();

  it('is offered where 8BITMIME is (RFC 6531 3.1), and nowhere else', () => {
    expect(make('8BITMIME').argument(session)).toBeUndefined();
    expect(make().argument(session)).toBe(false);
  });

  it('is not taken where it is not offered', () => {
    expect(String(make().parameters[0]?.parse(undefined, session))).toBe('555 5.5.4 SMTPUTF8 is not offered');
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(smtpUtf8Plugin.name).toBe('extension-smtputf8');
  expect(contributionsOf(smtpUtf8Plugin)).toEqual([{ kind: 'extension', name: undefined, value: SmtpUtf8Extension }]);
});
