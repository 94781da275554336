/** What a trusted peer says of a client: the arguments of Postfix's XCLIENT and XFORWARD, `NAME=value` in xtext, separated by spaces. */
import { Reply, reply } from '../reply.js';
import { parseHost } from './host.js';
import { canonicalIp } from './ip.js';
import { parseParameters } from './parameters.js';
import { decodeXtext } from './xtext.js';

/** By their names in upper case, decoded. Undefined stands for a value that the peer does not have. */
export type ClientAttributes = ReadonlyMap<string, string | undefined>;

const NONE_GIVEN = reply(501, '5.5.4', 'attributes are missing');
const UNKNOWN = reply(501, '5.5.4', 'unknown attribute');
const BAD_VALUE = reply(501, '5.5.4', 'attribute without a value in xtext');

/** How a peer says that it has no value, for good or for now. To whoever is asked to decide it is the same. */
const UNAVAILABLE: ReadonlySet<string> = new Set(['[UNAVAILABLE]', '[TEMPUNAVAIL]']);
const IPV6 = 'ipv6:';

/** Reads attributes with these names, each at most once, or gives the reply that refuses them. */
export function parseClientAttributes(args: string, names: ReadonlySet<string>): ClientAttributes | Reply {
  const parameters = parseParameters(args);
  if (parameters instanceof Reply) return parameters;
  if (parameters.length === 0) return NONE_GIVEN;
  const attributes = new Map<string, string | undefined>();
  for (const { keyword, value } of parameters) {
    if (!names.has(keyword)) return UNKNOWN;
    const text = value === undefined ? undefined : decodeXtext(value);
    if (text === undefined) return BAD_VALUE;
    attributes.set(keyword, UNAVAILABLE.has(text.toUpperCase()) ? undefined : text);
  }
  return attributes;
}

/** `192.0.2.1` or `IPV6:2001:db8::1`, in the form that sessions have; undefined if it is neither. */
export function parseClientAddress(value: string): string | undefined {
  const tagged = value.slice(0, IPV6.length).toLowerCase() === IPV6;
  const text = tagged ? value.slice(IPV6.length) : value;
  return text.includes(':') === tagged ? canonicalIp(text) : undefined;
}

/** A domain (underscores allowed: names of addresses have them), in lower case and A-labels; undefined if it is none. */
export function parseClientName(value: string): string | undefined {
  const host = parseHost(value, { underscores: true });
  // Four numbers are a domain by the grammar, but nobody is called that: it is an address in the wrong place.
  return host?.kind === 'domain' && canonicalIp(value) === undefined ? host.name : undefined;
}
