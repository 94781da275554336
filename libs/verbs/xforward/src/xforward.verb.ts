/**
 * XFORWARD (Postfix's): a trusted peer, such as a content filter, says where the next message comes from. It is for records only: nothing is
 * decided by it, and it is forgotten with the transaction. For anybody but a trusted peer it does not exist (attack A16).
 */
import type { ForwardedClient, Session, Verb, VerbOutcome } from '@mailverb/contract';
import {
  PHASE_TABLE,
  Reply,
  isHeloName,
  parseClientAddress,
  parseClientAttributes,
  parseClientName,
  parsePort,
  reply,
} from '@mailverb/protocol';
import { injectable } from 'tsyringe';

/** What one attribute makes of the client: of its value, or of the peer's having none; undefined if there is no such value. */
type Reader = (value: string | undefined) => Partial<ForwardedClient> | undefined;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['NAME', reader('name', parseClientName)],
  ['ADDR', reader('address', parseClientAddress)],
  ['PORT', reader('port', parsePort)],
  ['PROTO', reader('protocol', (value) => wordOf(value, MAX_PROTOCOL))],
  ['HELO', reader('helo', (value) => (isHeloName(value) ? value : undefined))],
  ['IDENT', reader('ident', (value) => wordOf(value, MAX_IDENT))],
  ['SOURCE', reader('source', (value) => SOURCES.get(value.toUpperCase()))],
]);
const NAMES: ReadonlySet<string> = new Set(READERS.keys());
const SOURCES: ReadonlyMap<string, 'LOCAL' | 'REMOTE'> = new Map([
  ['LOCAL', 'LOCAL'],
  ['REMOTE', 'REMOTE'],
]);

/** A protocol may be any, not only SMTP; Postfix writes up to 64 characters. */
const MAX_PROTOCOL = 64;
const MAX_IDENT = 255;

const OK = reply(250, '2.0.0', 'Ok');

/** The verb XFORWARD. Its parameters are what is new of the client: an attribute that is there and undefined is not known any more. */
@injectable()
export class XForwardVerb implements Verb<ForwardedClient> {
  readonly name = 'XFORWARD';
  readonly phases = PHASE_TABLE.XFORWARD.phases;
  readonly endsBatch = PHASE_TABLE.XFORWARD.endsBatch;
  readonly help = 'XFORWARD attribute=value ...';

  available({ trustedPeer }: Session): boolean {
    return trustedPeer;
  }

  parse(args: string): ForwardedClient | Reply {
    const attributes = parseClientAttributes(args, NAMES);
    if (attributes instanceof Reply) return attributes;
    let client: ForwardedClient = {};
    for (const [name, value] of attributes) {
      const said = READERS.get(name)?.(value);
      if (said === undefined) return reply(501, '5.5.4', `bad value of attribute ${name}`);
      client = { ...client, ...said };
    }
    return client;
  }

  /** A peer may need more than one command: the later adds to the earlier. */
  perform(client: ForwardedClient, { forwarded }: Session): VerbOutcome {
    return { reply: OK, effect: { type: 'forwarded', client: { ...forwarded, ...client } } };
  }
}

function reader<K extends keyof ForwardedClient>(key: K, read: (value: string) => ForwardedClient[K]): Reader {
  return (value) => {
    if (value === undefined) return { [key]: undefined };
    const meaning = read(value);
    return meaning === undefined ? undefined : { [key]: meaning };
  };
}

/** xtext has let through printable ASCII and spaces; a word of a log line or a header has no spaces. */
function wordOf(value: string, most: number): string | undefined {
  return value.length > 0 && value.length <= most && !value.includes(' ') ? value : undefined;
}
