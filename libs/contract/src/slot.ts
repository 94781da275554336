/**
 * Slots: a plugin's own per-session or per-transaction state.
 *
 * Verbs, policies and strategies are built once and hold nothing of a session. What they must remember they keep in a slot,
 * which has a type and a lifetime: RSET and a second EHLO forget the `transaction` slots, STARTTLS forgets all that was
 * learned before it except `connection` slots marked `survivesTls`.
 */
export interface Slot<T> {
  readonly key: symbol;
  readonly scope: 'connection' | 'transaction';
  readonly survivesTls: boolean;
  /** Only for the type system: never set. */
  readonly value?: T;
}

/**
 * Declares a slot. Do it once, at module level.
 * @param name for messages; two slots of one name are still two slots.
 */
export function slot<T>(
  name: string,
  scope: 'connection' | 'transaction',
  { survivesTls = false }: { survivesTls?: boolean } = {},
): Slot<T> {
  return Object.freeze({ key: Symbol(name), scope, survivesTls });
}

/** Where slots are read and written: every session is one. */
export interface Slots {
  get<T>(slot: Slot<T>): T | undefined;
  set<T>(slot: Slot<T>, value: T): void;
}
