/** A stand-in for what EHLO offers, for specs of the verbs and extensions that ask. */
import type { Capabilities } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';

const UNKNOWN = reply(555, '5.5.4', 'parameter not recognized');

/** Offers nothing and knows no parameter, except what is overridden. */
export function testCapabilities(overrides: Partial<Capabilities> = {}): Capabilities {
  return {
    lines: () => [],
    offers: () => false,
    mailParameters: (text) => (text.trim() === '' ? {} : UNKNOWN),
    rcptParameters: (text) => (text.trim() === '' ? {} : UNKNOWN),
    commandLineOctets: () => 512,
    ...overrides,
  };
}
