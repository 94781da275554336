/**
 * Which servers take the mail of a domain: RFC 5321 5.1, RFC 7505.
 *
 * What comes to no server comes to a reply: for good only where the DNS has said so, else for now. Whoever writes to somebody chooses the domain, and
 * whoever has the domain chooses where its MX leads: not inside (attack A19), not back to us (attack A20), and not to more places than some.
 */
import { networkInterfaces } from 'node:os';
import { isPrivateAddress, hostName, type DnsAnswer, type DnsResolver } from '@mailverb/dns';
import { matchesCidr } from '@mailverb/options';
import { canonicalIp, reply, type Host, type Reply } from '@mailverb/protocol';
import type { ResolveOptions } from './resolve.options.js';
import { byPreference, inTurn, type MxAddress } from './resolve-order.js';

/** One server, with the addresses to try in their order. */
export interface MxHost {
  /** In A-labels; an address literal's own address where the recipient had one. */
  readonly name: string;
  readonly preference: number;
  /** At least one. */
  readonly addresses: readonly MxAddress[];
}

/** Where to go, in that order, or why nowhere. */
export type MxRoute =
  | { readonly kind: 'hosts'; readonly hosts: readonly MxHost[] }
  /** `reply` for the client, `reason` for the log. */
  | { readonly kind: 'refused'; readonly reply: Reply; readonly reason: string };

/** What tests may put in the place of the world. */
export interface ResolveSurroundings {
  /** From 0 to less than 1. */
  readonly random?: () => number;
  /** The addresses of this machine, without loopback. */
  readonly machineAddresses?: () => readonly string[];
}

const NO_DOMAIN = reply(550, '5.1.2', 'no such domain');
const NO_SERVER = reply(550, '5.1.2', 'the domain has no mail server');
const NO_LITERAL = reply(550, '5.1.2', 'this address literal leads nowhere');
const NO_MAIL = reply(556, '5.1.10', 'the domain takes no mail');
const NO_ROUTE = reply(550, '5.4.4', 'no mail server of the domain can be reached from here');
const LOOP = reply(554, '5.4.6', 'mail for the domain loops back to us');
const LATER = reply(451, '4.4.3', 'the domain cannot be looked up now, try again later');

/** A server before its addresses are known. */
interface Candidate {
  readonly name: string;
  readonly preference: number;
}

/** Its addresses, as far as they are to be had. */
interface Located extends Candidate {
  readonly ipv6: readonly string[];
  readonly ipv4: readonly string[];
  /** A code, where not all is known. */
  readonly failure: string | undefined;
}

/** Finds the servers of domains. */
export class MxResolver {
  readonly #random: () => number;
  readonly #machineAddresses: () => readonly string[];

  constructor(
    private readonly dns: DnsResolver,
    private readonly options: ResolveOptions,
    { random = Math.random, machineAddresses = addressesOfThisMachine }: ResolveSurroundings = {},
  ) {
    this.#random = random;
    this.#machineAddresses = machineAddresses;
  }

  /**
   * Never rejects.
   * @param host of the recipient; undefined (`<Postmaster>`) is nowhere but here.
   * @param ownName the host name of the listener.
   */
  async resolve(host: Host | undefined, ownName: string, signal?: AbortSignal): Promise<MxRoute> {
    switch (host?.kind) {
      case 'domain':
        return this.#domain(host.name, ownName, signal);
      case 'ipv4':
      case 'ipv6':
        return this.#literal(host.address);
      default:
        return refused(NO_LITERAL, 'neither a domain nor an address');
    }
  }

  async #domain(domain: string, ownName: string, signal: AbortSignal | undefined): Promise<MxRoute> {
    const answer = await this.dns.mx(domain, signal);
    if (answer.kind === 'failed') return refused(LATER, `MX: ${answer.reason}`);
    // RFC 8020: what does not exist has no addresses either.
    if (answer.kind === 'none' && !answer.exists) return refused(NO_DOMAIN, 'NXDOMAIN');
    const implicit = answer.kind === 'none';
    if (implicit) return this.#hosts([{ name: domain, preference: 0 }], ownName, true, signal);
    // RFC 7505 3: alone it says that there is no mail; among others it is a mistake, and no server.
    if (answer.records.length === 1 && answer.records[0]?.exchange === '') return refused(NO_MAIL, 'null MX');
    const candidates = answer.records
      .filter(({ exchange }) => exchange !== '' && canonicalIp(exchange) === undefined)
      .map(({ exchange, preference }) => ({ name: exchange, preference }));
    return this.#hosts(candidates, ownName, false, signal);
  }

  /** @param implicit true where there is no MX, and the domain is its own server (RFC 5321 5.1). */
  async #hosts(
    all: readonly Candidate[],
    ownName: string,
    implicit: boolean,
    signal: AbortSignal | undefined,
  ): Promise<MxRoute> {
    if (all.length === 0) return refused(NO_ROUTE, 'no MX is a host name');
    const ours = hostName(ownName);
    const others = before(all, ({ name }) => name === ours || this.options.ownNames.has(name));
    if (others.length === 0) return refused(LOOP, 'we are its best MX, by name');
    const tried = byPreference(others, this.#random).slice(0, this.options.maxHosts);
    const located = await Promise.all(tried.map((candidate) => this.#locate(candidate, signal)));
    const machine = new Set(this.#machineAddresses());
    const isOurs = (address: string) => machine.has(address) || matchesCidr(this.options.ownAddresses, address);
    const left = before(located, ({ ipv6, ipv4 }) => ipv6.some(isOurs) || ipv4.some(isOurs));
    if (left.length === 0) return refused(LOOP, 'we are its best MX, by address');
    const hosts = this.#reachable(left);
    if (hosts.length > 0) return { kind: 'hosts', hosts };
    const failure = left.find((one) => one.failure !== undefined)?.failure;
    if (failure !== undefined) return refused(LATER, `addresses: ${failure}`);
    const hidden = left.some(({ ipv6, ipv4 }) => ipv6.length + ipv4.length > 0);
    if (hidden) return refused(NO_ROUTE, 'private addresses only');
    return implicit ? refused(NO_SERVER, 'neither MX nor address') : refused(NO_ROUTE, 'no MX has an address');
  }

  #literal(text: string): MxRoute {
    const address = canonicalIp(text) ?? text;
    const isOurs = this.#machineAddresses().includes(address) || matchesCidr(this.options.ownAddresses, address);
    if (isOurs) return refused(LOOP, 'an address of ours');
    if (!this.#mayGoTo(address)) return refused(NO_ROUTE, 'a private address');
    const family = address.includes(':') ? 6 : 4;
    return { kind: 'hosts', hosts: [{ name: address, preference: 0, addresses: [{ address, family }] }] };
  }

  async #locate(candidate: Candidate, signal: AbortSignal | undefined): Promise<Located> {
    const { name } = candidate;
    const [six, four] = await Promise.all([this.dns.aaaa(name, signal), this.dns.a(name, signal)]);
    const failed = six.kind === 'failed' ? six : four;
    return {
      ...candidate,
      ipv6: addressesOf(six),
      ipv4: addressesOf(four),
      failure: failed.kind === 'failed' ? failed.reason : undefined,
    };
  }

  /** Those that have an address to which we may go; each address once, with the first that has it. */
  #reachable(located: readonly Located[]): readonly MxHost[] {
    const seen = new Set<string>();
    const usable = (address: string) => this.#mayGoTo(address) && !seen.has(address) && seen.add(address) !== undefined;
    return located
      .map(({ name, preference, ipv6, ipv4 }) => ({
        name,
        preference,
        addresses: inTurn(ipv6.filter(usable), ipv4.filter(usable)).slice(0, this.options.maxAddresses),
      }))
      .filter(({ addresses }) => addresses.length > 0);
  }

  #mayGoTo(address: string): boolean {
    return this.options.allowPrivate || !isPrivateAddress(address);
  }
}

/** RFC 5321 5.1: where we are among the servers, those that are no better than we are left out, or mail would go in circles. */
function before<T extends Candidate>(hosts: readonly T[], isOurs: (host: T) => boolean): readonly T[] {
  let limit = Infinity;
  for (const host of hosts) if (isOurs(host)) limit = Math.min(limit, host.preference);
  return hosts.filter(({ preference }) => preference < limit);
}

function addressesOf(answer: DnsAnswer<string>): readonly string[] {
  return answer.kind === 'found' ? answer.records.map((address) => canonicalIp(address) ?? address) : [];
}

function refused(answer: Reply, reason: string): MxRoute {
  return { kind: 'refused', reply: answer, reason };
}

/** Read for each message, as addresses come and go. Loopback is no address that the world could mean. */
function addressesOfThisMachine(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).filter(({ internal }) => !internal).map(({ address }) => canonicalIp(address) ?? address),
  );
}
