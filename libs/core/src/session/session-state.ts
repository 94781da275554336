/** A session as the loop keeps it; plugins see it through the contract's read-only `Session`. */
import type {
  Annotation,
  Envelope,
  ForwardedClient,
  Identity,
  ListenerInfo,
  RepresentedClient,
  Session,
  Slot,
  Stage,
  TlsFacts,
} from '@mailverb/contract';
import type { Phase } from '@mailverb/protocol';
import type { Endpoint } from '../host/server.js';

const NO_ANNOTATIONS: readonly Annotation[] = Object.freeze([]);

/** An address that is no client's (RFC 1122 3.2.1.3): in no network that a configuration would trust. */
const NOBODY = '0.0.0.0';

/** One session's facts. Small on purpose: ten thousand idle ones must fit. */
export class SessionState implements Session {
  phase: Phase = 'connected';
  heloName: string | undefined = undefined;
  extended = false;
  tls: TlsFacts | undefined = undefined;
  identity: Identity | undefined = undefined;
  envelope: Envelope | undefined = undefined;
  remoteName: string | undefined = undefined;
  forwarded: ForwardedClient | undefined = undefined;
  /** Whom a trusted peer speaks for; undefined where the peer itself is the client. */
  private represented: Endpoint | undefined = undefined;
  /** Notes of this transaction come after those of the session, and are forgotten with it. */
  private sessionNotes: (Annotation & { readonly stage: Stage })[] | undefined = undefined;
  private notes: Annotation[] | undefined = undefined;
  private slots: Map<symbol, { readonly slot: Slot<unknown>; readonly value: unknown }> | undefined = undefined;

  constructor(
    readonly id: string,
    readonly listener: ListenerInfo,
    private readonly endpoint: Endpoint,
    readonly openedAt: number,
    readonly trustedPeer = false,
  ) {}

  get remoteAddress(): string {
    return (this.represented ?? this.endpoint).remoteAddress;
  }
  get remotePort(): number {
    return (this.represented ?? this.endpoint).remotePort;
  }
  get localAddress(): string {
    return (this.represented ?? this.endpoint).localAddress;
  }
  get localPort(): number {
    return (this.represented ?? this.endpoint).localPort;
  }

  get annotations(): readonly Annotation[] {
    if (this.sessionNotes === undefined) return this.notes ?? NO_ANNOTATIONS;
    return this.notes === undefined ? this.sessionNotes : [...this.sessionNotes, ...this.notes];
  }

  annotate(by: string, notes: Readonly<Record<string, string>>, stage: Stage): void {
    if (stage === 'connect' || stage === 'helo' || stage === 'auth') {
      const list = (this.sessionNotes ??= []);
      for (const [key, value] of Object.entries(notes)) list.push({ by, key, value, stage });
      return;
    }
    const list = (this.notes ??= []);
    for (const [key, value] of Object.entries(notes)) list.push({ by, key, value });
  }

  /** A stage is asked anew: what was noted at it before is forgotten, or a client could make the notes grow by saying EHLO again and again. */
  asksAgain(stage: Stage): void {
    if (stage === 'mail') this.forgetTransaction();
    else if (stage === 'helo' || stage === 'auth') this.dropNotes((of) => of !== stage);
  }

  get<T>(slot: Slot<T>): T | undefined {
    // The map is private and `set` is the only writer: what is under a slot's key has the slot's type.
    return this.slots?.get(slot.key)?.value as T | undefined;
  }

  set<T>(slot: Slot<T>, value: T): void {
    (this.slots ??= new Map()).set(slot.key, { slot, value });
  }

  /**
   * TLS has begun: nothing that the client said in clear is carried across (RFC 3207 4.2, attack A4). What was learned from its address stays,
   * unless somebody else's was presented.
   */
  secure(tls: TlsFacts): void {
    this.restart();
    if (this.represented === undefined) this.dropNotes((stage) => stage === 'connect');
    else this.sessionNotes = undefined;
    // What was said in clear is not believed (A4), and the peer must not get its own rights back for whoever it speaks for (A16, A17):
    // until it presents somebody again, the client is nobody.
    if (this.represented !== undefined) {
      this.represented = { ...this.represented, remoteAddress: NOBODY, remotePort: 0 };
    }
    this.remoteName = undefined;
    if (this.slots !== undefined) {
      for (const [key, { slot }] of this.slots) if (!slot.survivesTls) this.slots.delete(key);
    }
    this.tls = tls;
  }

  /** A trusted peer speaks for another client from now on: what was known of the last one is forgotten. */
  represent({ address, port, localAddress, localPort, helo, extended, ...client }: RepresentedClient): void {
    const before = this.represented ?? this.endpoint;
    const { heloName, extended: wasExtended, identity, remoteName } = this;
    this.restart();
    this.sessionNotes = undefined;
    this.slots = undefined;
    this.represented = {
      remoteAddress: address ?? before.remoteAddress,
      remotePort: port ?? before.remotePort,
      localAddress: localAddress ?? before.localAddress,
      localPort: localPort ?? before.localPort,
    };
    this.remoteName = 'name' in client ? client.name : remoteName;
    this.heloName = helo ?? heloName;
    this.extended = extended ?? wasExtended;
    // Another address or port is another client, and nobody has said who that is: it has not the rights of the one before (attack A16).
    const same = address === undefined && port === undefined;
    if ('login' in client) this.identity = loginOf(client.login);
    else this.identity = same ? identity : undefined;
  }

  private restart(): void {
    this.endTransaction();
    this.phase = 'connected';
    this.heloName = undefined;
    this.extended = false;
    this.identity = undefined;
  }

  private dropNotes(keep: (stage: Stage) => boolean): void {
    this.sessionNotes = this.sessionNotes?.filter(({ stage }) => keep(stage));
  }

  /** RSET, a new EHLO, the end of a message: what belonged to the transaction is forgotten. */
  endTransaction(): void {
    this.forwarded = undefined;
    this.forgetTransaction();
  }

  private forgetTransaction(): void {
    this.envelope = undefined;
    this.notes = undefined;
    if (this.slots === undefined) return;
    for (const [key, { slot }] of this.slots) if (slot.scope === 'transaction') this.slots.delete(key);
  }
}

function loginOf(login: string | undefined): Identity | undefined {
  return login === undefined ? undefined : { name: login, mechanism: 'XCLIENT' };
}
