/** What a plugin registers, without a host: for the spec of its manifest. */
import type { Contribute, Plugin } from '@mailverb/contract';

/** One thing that a plugin contributes. */
export interface Contributed {
  /** The method of {@link Contribute} that it called. */
  readonly kind: keyof Contribute;
  /** The name or token, where the kind has one. */
  readonly name: string | symbol | undefined;
  /** The class, value or callback. */
  readonly value: unknown;
}

/** Calls the plugin's `register` and gives what it said, in order. */
export function contributionsOf(plugin: Pick<Plugin, 'register'>): readonly Contributed[] {
  const contributed: Contributed[] = [];
  const named = (kind: keyof Contribute) => (name: string | symbol, value: unknown) =>
    void contributed.push({ kind, name, value });
  const unnamed = (kind: keyof Contribute) => (value: unknown) =>
    void contributed.push({ kind, name: undefined, value });
  plugin.register({
    verb: unnamed('verb'),
    extension: unnamed('extension'),
    policy: named('policy'),
    transform: named('transform'),
    delivery: named('delivery'),
    mechanism: unnamed('mechanism'),
    authenticator: unnamed('authenticator'),
    store: unnamed('store'),
    observer: named('observer'),
    service: named('service'),
    onStart: unnamed('onStart'),
    onStop: unnamed('onStop'),
  });
  return contributed;
}
