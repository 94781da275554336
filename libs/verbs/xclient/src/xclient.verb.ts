/**
 * XCLIENT (Postfix's): a trusted peer, such as a content filter or a proxy, says for which client it speaks. The session begins anew as if that
 * client had connected, so that policies decide about the client and not about the peer. It says what a client could want to be taken
 * for, so for anybody else it does not exist (attack A16).
 */
import {
  Listener,
  type ListenerInfo,
  type RepresentedClient,
  type Session,
  type Verb,
  type VerbOutcome,
} from '@mailverb/contract';
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
import { inject, injectable } from 'tsyringe';

/**
 * An address that the peer does not know. Not the one that it had, which is the peer's own and may be one that more is allowed to; and not
 * empty, which stands for a program on this machine (a unix socket).
 */
const UNKNOWN_ADDRESS = '0.0.0.0';
const UNKNOWN_PORT = 0;

/** What one attribute makes of the client: of its value, or of the peer's having none; undefined if there is no such value. */
type Reader = (value: string | undefined) => Partial<RepresentedClient> | undefined;

const AS_IT_WAS: Partial<RepresentedClient> = {};

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['NAME', (value) => (value === undefined ? { name: undefined } : some('name', parseClientName(value)))],
  ['ADDR', (value) => some('address', value === undefined ? UNKNOWN_ADDRESS : parseClientAddress(value))],
  ['PORT', (value) => some('port', value === undefined ? UNKNOWN_PORT : parsePort(value))],
  ['PROTO', (value) => some('extended', EXTENDED.get(value?.toUpperCase() ?? ''))],
  ['HELO', (value) => (value === undefined ? AS_IT_WAS : some('helo', isHeloName(value) ? value : undefined))],
  ['LOGIN', (value) => (value === undefined ? { login: undefined } : some('login', loginOf(value)))],
  // Ours is what the client connected to, if the peer cannot tell another.
  ['DESTADDR', (value) => (value === undefined ? AS_IT_WAS : some('localAddress', parseClientAddress(value)))],
  ['DESTPORT', (value) => (value === undefined ? AS_IT_WAS : some('localPort', parsePort(value)))],
]);
const NAMES: ReadonlySet<string> = new Set(READERS.keys());
const EXTENDED: ReadonlyMap<string, boolean> = new Map([
  ['SMTP', false],
  ['ESMTP', true],
]);

/** As long as the longest address (RFC 5321 4.5.3.1): nothing that is looked up by it grows without end. */
const MAX_LOGIN = 254;

/** The verb XCLIENT. Its parameters are the client. */
@injectable()
export class XClientVerb implements Verb<RepresentedClient> {
  readonly name = 'XCLIENT';
  readonly phases = PHASE_TABLE.XCLIENT.phases;
  readonly endsBatch = PHASE_TABLE.XCLIENT.endsBatch;
  readonly help = 'XCLIENT attribute=value ...';
  private readonly greeting: Reply;

  constructor(@inject(Listener) { hostname, protocol }: ListenerInfo) {
    this.greeting = reply(220, undefined, `${hostname} ${protocol === 'lmtp' ? 'LMTP' : 'ESMTP'} Mailverb`);
  }

  available({ trustedPeer }: Session): boolean {
    return trustedPeer;
  }

  parse(args: string): RepresentedClient | Reply {
    const attributes = parseClientAttributes(args, NAMES);
    if (attributes instanceof Reply) return attributes;
    let client: RepresentedClient = {};
    for (const [name, value] of attributes) {
      const said = READERS.get(name)?.(value);
      if (said === undefined) return reply(501, '5.5.4', `bad value of attribute ${name}`);
      client = { ...client, ...said };
    }
    return client;
  }

  perform(client: RepresentedClient): VerbOutcome {
    return { reply: this.greeting, effect: { type: 'become', client } };
  }
}

function some<K extends keyof RepresentedClient>(
  key: K,
  value: RepresentedClient[K],
): Partial<RepresentedClient> | undefined {
  return value === undefined ? undefined : { [key]: value };
}

/** xtext has let through printable ASCII and spaces, and nothing else. */
function loginOf(value: string): string | undefined {
  return value.length > 0 && value.length <= MAX_LOGIN && value.trim() === value ? value : undefined;
}
