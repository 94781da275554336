/** The `@` lines of a conversation that mean the listener itself. */
import type { ListenerPlan } from '@mailverb/core';
import type { Conversation } from '../conversation/conversation.js';

/** What may be set for a listener. */
export type ListenerSettings = Pick<ListenerPlan, 'limits' | 'timeouts' | 'bareNewlines' | 'protocol' | 'hostname'>;

const KEYS: ReadonlySet<string> = new Set(['limits', 'timeouts', 'bareNewlines', 'protocol', 'hostname']);

/**
 * Takes the settings apart: those of a listener, for `testServer`, and the others, which whoever makes the server must know.
 * The values are not checked here: the server refuses to be built with wrong ones.
 */
export function listenerSettings(conversation: Conversation): {
  readonly listener: ListenerSettings;
  readonly others: ReadonlyMap<string, unknown>;
} {
  const entries = Object.entries(conversation.settings);
  return {
    listener: Object.fromEntries(entries.filter(([key]) => KEYS.has(key))),
    others: new Map(entries.filter(([key]) => !KEYS.has(key))),
  };
}
