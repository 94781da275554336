/** Makes next hops of options: reads certificates once, at the start, and has a hop for each address that somebody asks for. */
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Clock, Lifecycle, Session } from '@mailverb/contract';
import { sealCredentials, type ClientCredentials, type ClientSettings, type Target } from '@mailverb/client';
import { LOGGED_IN, NextHop } from './hop.js';
import type { NextHopOptions } from './next-hop.options.js';

/** What differs between plugins, and is no option of all of them. */
export interface HopKind {
  readonly protocol: 'smtp' | 'lmtp';
  readonly xclient?: boolean;
  readonly proxyHeader?: 1 | 2 | undefined;
}

/** Targets beyond these push out one that was not used for long: a table or a DNS may name any number. */
const MAX_HOPS = 1000;

/** The next hops of one plugin. */
export class NextHops implements Lifecycle {
  /** By address, the one used last at the end. */
  private readonly hops = new Map<string, NextHop>();
  private context: SecureContext | undefined;

  constructor(
    private readonly options: NextHopOptions,
    private readonly kind: HopKind,
    private readonly clock: Clock,
  ) {}

  /** Reads certificates. @throws the error of the file that can't be read, or is none. */
  async start(): Promise<void> {
    const { mode, ca, cert, key, minVersion } = this.options.tls;
    if (mode === 'none') return;
    const [roots, chain, secret] = await Promise.all(
      [ca, cert, key].map((file) => (file === undefined ? undefined : readFile(file))),
    );
    this.context = createSecureContext({
      minVersion,
      ...(roots === undefined ? {} : { ca: roots }),
      ...(chain === undefined ? {} : { cert: chain }),
      ...(secret === undefined ? {} : { key: secret }),
    });
  }

  /** The hop at this address. @param hostname of the listener. */
  at(target: Target, hostname: string): NextHop {
    const name = this.options.name ?? hostname;
    const key =
      'path' in target ? target.path : `${target.host} ${target.port} ${target.addresses?.toSorted().join(' ') ?? ''}`;
    const found = this.hops.get(`${key} ${name}`);
    if (found !== undefined) {
      if (this.hops.size > 1) {
        this.hops.delete(`${key} ${name}`);
        this.hops.set(`${key} ${name}`, found);
      }
      return found;
    }
    const hop = new NextHop(this.settings(target, name), this.manners(), this.clock);
    this.hops.set(`${key} ${name}`, hop);
    if (this.hops.size > MAX_HOPS) this.forgetOne();
    return hop;
  }

  /** Those that somebody has asked for. */
  known(): Iterable<NextHop> {
    return this.hops.values();
  }

  /** Lets go of what is kept for a session; only where a connection can belong to one. */
  sessionClosed(session: Session): void {
    if (this.kind.proxyHeader === undefined && session.get(LOGGED_IN) === undefined) return;
    for (const hop of this.hops.values()) hop.sessionClosed(session);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.hops.values()].map((hop) => hop.stop()));
    this.hops.clear();
  }

  /** One that has no connection: what is in use is never forgotten, so there may be more for a while. */
  private forgetOne(): void {
    for (const [key, hop] of this.hops) {
      if (hop.connections > 0) continue;
      this.hops.delete(key);
      return;
    }
  }

  private settings(target: Target, name: string): ClientSettings {
    const { tls, timeouts, localAddress, chunking } = this.options;
    const { protocol, proxyHeader } = this.kind;
    return {
      protocol,
      target,
      name,
      timeouts,
      chunking,
      clock: this.clock,
      tls: {
        mode: tls.mode,
        verify: tls.verify,
        ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
        ...(this.context === undefined ? {} : { context: this.context }),
      },
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(proxyHeader === undefined ? {} : { proxyHeader }),
    };
  }

  private manners() {
    const { pool, auth } = this.options;
    const { connections, idle, messages, wait } = pool;
    return {
      credentials: credentialsOf(auth),
      allowPlaintext: auth?.allowPlaintext,
      xclient: this.kind.xclient === true,
      pool: { maxConnections: connections, idleMs: idle, maxMessages: messages, waitMs: wait },
    };
  }
}

function credentialsOf(auth: NextHopOptions['auth']): ClientCredentials | undefined {
  if (auth === undefined) return undefined;
  const { user, password, tokenFile } = auth;
  if (password !== undefined) return sealCredentials({ username: user, password });
  if (tokenFile === undefined) return undefined;
  return sealCredentials({ username: user, token: { token: async () => (await readFile(tokenFile, 'utf8')).trim() } });
}
