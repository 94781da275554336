/** A session as the loop keeps it; plugins see it through the contract's read-only `Session`. */
import type { Annotation, Envelope, Identity, ListenerInfo, Session, Slot, Stage, TlsFacts } from '@mailverb/contract';
import type { Phase } from '@mailverb/protocol';
import type { Endpoint } from '../host/server.js';

const NO_ANNOTATIONS: readonly Annotation[] = Object.freeze([]);

/** One session's facts. Small on purpose: ten thousand idle ones must fit. */
export class SessionState implements Session {
  phase: Phase = 'connected';
  heloName: string | undefined = undefined;
  extended = false;
  tls: TlsFacts | undefined = undefined;
  identity: Identity | undefined = undefined;
  envelope: Envelope | undefined = undefined;
  /** Notes of this transaction come after those of the session, and are forgotten with it. */
  private sessionNotes: (Annotation & { readonly stage: Stage })[] | undefined = undefined;
  private notes: Annotation[] | undefined = undefined;
  private slots: Map<symbol, { readonly slot: Slot<unknown>; readonly value: unknown }> | undefined = undefined;

  constructor(
    readonly id: string,
    readonly listener: ListenerInfo,
    private readonly endpoint: Endpoint,
    readonly openedAt: number,
  ) {}

  get remoteAddress(): string {
    return this.endpoint.remoteAddress;
  }
  get remotePort(): number {
    return this.endpoint.remotePort;
  }
  get localAddress(): string {
    return this.endpoint.localAddress;
  }
  get localPort(): number {
    return this.endpoint.localPort;
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
    if (stage === 'mail') this.endTransaction();
    else if (stage === 'helo') this.sessionNotes = this.sessionNotes?.filter((note) => note.stage !== 'helo');
  }

  get<T>(slot: Slot<T>): T | undefined {
    // The map is private and `set` is the only writer: what is under a slot's key has the slot's type.
    return this.slots?.get(slot.key)?.value as T | undefined;
  }

  set<T>(slot: Slot<T>, value: T): void {
    (this.slots ??= new Map()).set(slot.key, { slot, value });
  }

  /** RSET, a new EHLO, the end of a message: what belonged to the transaction is forgotten. */
  endTransaction(): void {
    this.envelope = undefined;
    this.notes = undefined;
    if (this.slots === undefined) return;
    for (const [key, { slot }] of this.slots) if (slot.scope === 'transaction') this.slots.delete(key);
  }
}
