/**
 * HELO check: names that no honest client gives itself.
 *
 * The name is unproven and RFC 5321 4.1.4 wants it taken as it is, so only claims that are known to be false are refused by default.
 * Replies to HELO and EHLO have no enhanced status code (RFC 2034 4).
 */
import {
  Listener,
  Options,
  pass,
  reject,
  type HeloInput,
  type ListenerInfo,
  type Policy,
  type Session,
  type Verdict,
} from '@mailverb/contract';
import { matchesCidr, normalizeDomain } from '@mailverb/options';
import { parseHost, reply, type Host } from '@mailverb/protocol';
import { BlockList, isIP } from 'node:net';
import { inject, injectable } from 'tsyringe';
import type { HeloCheckOptions } from './helo-check.options.js';

const PASS = pass();
const DENIED = reject(reply(550, undefined, 'this host name is not welcome here'), 'HELO name is on the deny list');
const BARE_IP = reject(reply(550, undefined, 'write an address literal as [address]'), 'HELO with a bare address');
const OWN_NAME = reject(reply(550, undefined, 'that is my name, not yours'), 'HELO with a name of ours');
const LITERAL = reject(
  reply(550, undefined, 'that is not your address'),
  'HELO with an address literal of another host',
);
const NO_FQDN = reject(
  reply(550, undefined, 'a fully qualified host name is needed'),
  'HELO name is not fully qualified',
);

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** The policy helo-check. */
@injectable()
export class HeloCheckPolicy implements Policy {
  readonly #hostname: string | undefined;

  constructor(
    @inject(Options) private readonly options: HeloCheckOptions,
    @inject(Listener) listener: ListenerInfo,
  ) {
    this.#hostname = normalizeDomain(listener.hostname);
  }

  helo({ name, session }: HeloInput): Verdict {
    const { options } = this;
    const host = parseHost(name, { underscores: true });
    if (options.rejectBareIp && isIP(name) !== 0) return BARE_IP;
    if (options.rejectForeignLiterals && name.startsWith('[') && !isOwnLiteral(host, session)) return LITERAL;
    if (options.requireFqdn && !isFullyQualified(host)) return NO_FQDN;
    if (host === undefined) return PASS;
    if (options.deny.has(host.name)) return DENIED;
    return options.rejectOwnNames && this.isOurs(host.name) && !isLocal(session) ? OWN_NAME : PASS;
  }

  private isOurs(name: string): boolean {
    return name === this.#hostname || this.options.ownNames.has(name);
  }
}

/** True if the client is on this machine, where our name is its name too. */
function isLocal({ remoteAddress, localAddress }: Session): boolean {
  return remoteAddress === '' || remoteAddress === localAddress || matchesCidr(LOOPBACK, remoteAddress);
}

function isFullyQualified(host: Host | undefined): boolean {
  return host !== undefined && (host.kind !== 'domain' || host.name.includes('.'));
}

/** True for the literal of the address that the client has, in whatever way it is written. A general one says no address. */
function isOwnLiteral(host: Host | undefined, { remoteAddress }: Session): boolean {
  if (host?.kind !== 'ipv4' && host?.kind !== 'ipv6') return false;
  if (host.address === remoteAddress) return true;
  const literal = new BlockList();
  literal.addAddress(host.address, host.kind);
  return matchesCidr(literal, remoteAddress);
}
