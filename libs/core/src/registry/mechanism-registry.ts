/** The SASL mechanisms of a listener: which may be used in a session, now. */
import type { Mechanisms, SaslMechanism, Session } from '@mailverb/contract';

const NONE: readonly SaslMechanism[] = Object.freeze([]);

/** Name to mechanism, in the configured order. */
export class MechanismRegistry implements Mechanisms {
  private readonly mechanisms = new Map<string, { readonly mechanism: SaslMechanism; readonly owner: string }>();

  /** @param withoutTls who is offered mechanisms in clear. */
  constructor(private readonly withoutTls: 'never' | 'loopback') {}

  /** Adds one; gives the owner of that name, if there is one already. */
  add(mechanism: SaslMechanism, owner: string): string | undefined {
    const before = this.mechanisms.get(mechanism.name);
    if (before !== undefined) return before.owner;
    this.mechanisms.set(mechanism.name, { mechanism, owner });
    return undefined;
  }

  all(): readonly { readonly mechanism: SaslMechanism; readonly owner: string }[] {
    return [...this.mechanisms.values()];
  }

  offered(session: Session): readonly SaslMechanism[] {
    if (session.identity !== undefined || (session.tls === undefined && !this.inClear(session))) return NONE;
    return this.usable(session);
  }

  wantsTls(session: Session): boolean {
    const { tls, listener } = session;
    return tls === undefined && listener.tls !== 'none' && !this.inClear(session) && this.usable(session).length > 0;
  }

  private usable(session: Session): readonly SaslMechanism[] {
    const usable: SaslMechanism[] = [];
    for (const { mechanism } of this.mechanisms.values()) {
      if (mechanism.offered?.(session) !== false) usable.push(mechanism);
    }
    return usable;
  }

  /** A password in clear is nobody else's to read where it does not leave the machine. */
  private inClear({ remoteAddress, localAddress }: Session): boolean {
    if (this.withoutTls === 'never') return false;
    return isLoopback(remoteAddress) && isLoopback(localAddress);
  }
}

/** An empty address is a unix socket's. */
function isLoopback(address: string): boolean {
  return address === '' || address === '::1' || address.startsWith('127.');
}
