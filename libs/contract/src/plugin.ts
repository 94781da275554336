/**
 * The manifest of a plugin.
 *
 * A manifest is data: nothing is registered as a side effect of an import, so the order is visible, everything is checked before start,
 * and several servers live in one process. The host collects the manifests, validates every plugin's options, calls `register` (which does
 * no I/O and makes no choices), checks, freezes, and only then starts.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Authenticator } from './authenticator.js';
import type { DeliveryStrategy } from './delivery.js';
import type { Extension } from './extension.js';
import type { MaybePromise } from './promise.js';
import type { Observer } from './observer.js';
import type { Policy } from './policy.js';
import type { SaslMechanism } from './sasl.js';
import type { Store } from './store.js';
import type { Token } from './token.js';
import type { Transform } from './transform.js';
import type { Verb } from './verb.js';

/**
 * A class that the container builds (once for each plugin instance; every constructor parameter has `@inject(Token)`).
 * Its parameters are the container's business, so they are not looked at here.
 */
export type ClassOf<T> = new (...args: never[]) => T;

/** A class, or a ready value where nothing is to be injected. */
export type Contribution<T> = ClassOf<T> | T;

/** The kinds of things that a plugin can be asked for by a configuration. */
export type PluginKind =
  | 'verb'
  | 'extension'
  | 'policy'
  | 'transform'
  | 'delivery'
  | 'mechanism'
  | 'authenticator'
  | 'store'
  | 'observer'
  | 'logger'
  | 'service';

/** What `register` may do. Expires when it returns: nothing can be added later. */
export interface Contribute {
  /** One SMTP command. */
  verb<P>(verb: Contribution<Verb<P>>): void;
  /** An EHLO keyword, parameters. */
  extension(extension: Contribution<Extension>): void;
  /** @param name as seen in logs and `assembly`: `greylist`. */
  policy(name: string, policy: Contribution<Policy>): void;
  transform(name: string, transform: Contribution<Transform>): void;
  delivery(name: string, strategy: Contribution<DeliveryStrategy>): void;
  /** One SASL mechanism. */
  mechanism(mechanism: Contribution<SaslMechanism>): void;
  /** One source of identities; several stand beside each other. */
  authenticator(authenticator: Contribution<Authenticator>): void;
  store(store: Contribution<Store>): void;
  observer(name: string, observer: Contribution<Observer>): void;
  /** Provides `key` to all plugins of the listener (or of the server, if the plugin stands at the top of the configuration). */
  service<T>(key: Token<T>, service: Contribution<NoInfer<T>>): void;
  /** Called before the listeners open. Prefer `start` and `stop` on what you contribute. */
  onStart(callback: () => MaybePromise<void>): void;
  /** Called after the last session has ended, in reverse order. */
  onStop(callback: () => MaybePromise<void>): void;
}

/** Where in a plugin's options other plugins are named, and of which kind: `{ 'routes[].to': 'delivery' }`. */
export type NestedOptions = Readonly<Record<string, 'delivery' | 'policy'>>;

/** A plugin. Make it with {@link definePlugin}. */
export interface Plugin<S extends StandardSchemaV1 = StandardSchemaV1> {
  /** `<kind>-<name>`, the last part of the package's name: `delivery-maildir`. */
  readonly name: string;
  /**
   * The validator of its options; absent means it has none. Any Standard Schema validator. What it gives out is what classes get by
   * `@inject(Options)`.
   */
  readonly options?: S;
  /** Services that it injects beside the ones the core always has (Logger, Clock, Options, and in a listener Listener, Capabilities,
   * VerbTable, Mechanisms, Authenticator). */
  readonly needs?: readonly Token<unknown>[];
  /**
   * Options that name other plugins. The host validates and builds those first, and puts what they contribute (a `DeliveryStrategy`,
   * a `Policy`) in the place of their description before the options are injected.
   */
  readonly nested?: NestedOptions;
  /** Says what it contributes. No I/O, no choices by option: the configuration chooses by listing. */
  register(contribute: Contribute): void;
}

/** Makes a manifest; checks nothing but types, so that it can stand at the top of a module. */
export function definePlugin<S extends StandardSchemaV1 = StandardSchemaV1>(plugin: Plugin<S>): Plugin<S> {
  return Object.freeze(plugin);
}

/** A plugin put to use: with its raw options, as one entry of a list. Make it with {@link use}. */
export interface PluginUse {
  readonly plugin: Plugin;
  /** As written: validated by the host. */
  readonly options: unknown;
  /** For policies: `dry-run` asks and logs but does not use the verdict. Default `enforce`. */
  readonly mode?: 'enforce' | 'dry-run';
  /** For policies: milliseconds of time budget at each stage. */
  readonly budgetMs?: number;
  /** For deliveries: transforms that only what goes this way passes, such as `return-path`. */
  readonly transforms?: readonly PluginUse[];
  /** Where it stands in the configuration, for messages: `listeners[0].policies[1]`. */
  readonly path?: string;
}

/** Options as they are written in code: what the schema takes, with {@link PluginUse}s where other plugins are named. */
export function use<S extends StandardSchemaV1>(
  plugin: Plugin<S>,
  options?: StandardSchemaV1.InferInput<S>,
  how: Omit<PluginUse, 'plugin' | 'options'> = {},
): PluginUse {
  return { plugin: plugin as Plugin, options: options ?? {}, ...how };
}
