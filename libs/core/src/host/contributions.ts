/** What a plugin contributes, as `register` said it. */
import type {
  Authenticator,
  Contribute,
  Contribution,
  DeliveryStrategy,
  Extension,
  MaybePromise,
  Observer,
  Policy,
  Plugin,
  SaslMechanism,
  Store,
  Token,
  Transform,
  Verb,
} from '@mailverb/contract';
import { Store as StoreToken, tokenName } from '@mailverb/contract';

/** A contribution with the name it was given. */
export interface Named<T> {
  readonly name: string;
  readonly value: Contribution<T>;
}

/** Everything that one plugin contributes. */
export class Contributions implements Contribute {
  readonly verbs: Contribution<Verb>[] = [];
  readonly extensions: Contribution<Extension>[] = [];
  readonly policies: Named<Policy>[] = [];
  readonly transforms: Named<Transform>[] = [];
  readonly deliveries: Named<DeliveryStrategy>[] = [];
  readonly observers: Named<Observer>[] = [];
  readonly mechanisms: Contribution<SaslMechanism>[] = [];
  readonly authenticators: Contribution<Authenticator>[] = [];
  readonly services: { readonly key: Token<unknown>; readonly value: Contribution<unknown> }[] = [];
  readonly starts: (() => MaybePromise<void>)[] = [];
  readonly stops: (() => MaybePromise<void>)[] = [];
  private open = true;

  private constructor(private readonly plugin: string) {}

  /** Lets a plugin say what it contributes. @throws what `register` throws. */
  static of(plugin: Plugin): Contributions {
    const contributions = new Contributions(plugin.name);
    plugin.register(contributions);
    contributions.open = false;
    return contributions;
  }

  verb<P>(verb: Contribution<Verb<P>>): void {
    // The loop gives `perform` only what the same verb's `parse` made: P is nobody else's business.
    this.add(this.verbs, verb as Contribution<Verb>);
  }
  extension(extension: Contribution<Extension>): void {
    this.add(this.extensions, extension);
  }
  policy(name: string, value: Contribution<Policy>): void {
    this.add(this.policies, { name, value });
  }
  transform(name: string, value: Contribution<Transform>): void {
    this.add(this.transforms, { name, value });
  }
  delivery(name: string, value: Contribution<DeliveryStrategy>): void {
    this.add(this.deliveries, { name, value });
  }
  observer(name: string, value: Contribution<Observer>): void {
    this.add(this.observers, { name, value });
  }
  mechanism(value: Contribution<SaslMechanism>): void {
    this.add(this.mechanisms, value);
  }
  authenticator(value: Contribution<Authenticator>): void {
    this.add(this.authenticators, value);
  }
  store(value: Contribution<Store>): void {
    this.service(StoreToken, value);
  }
  service<T>(key: Token<T>, value: Contribution<NoInfer<T>>): void {
    this.add(this.services, { key, value });
  }
  onStart(callback: () => MaybePromise<void>): void {
    this.add(this.starts, callback);
  }
  onStop(callback: () => MaybePromise<void>): void {
    this.add(this.stops, callback);
  }

  /** What it contributes, for people: `policy greylist`, `service Store`. Verbs and extensions have no name before they are built. */
  describe(): string[] {
    return [
      ...this.verbs.map(() => 'verb'),
      ...this.extensions.map(() => 'extension'),
      ...this.mechanisms.map(() => 'mechanism'),
      ...this.authenticators.map(() => 'authenticator'),
      ...this.policies.map(({ name }) => `policy ${name}`),
      ...this.transforms.map(({ name }) => `transform ${name}`),
      ...this.deliveries.map(({ name }) => `delivery ${name}`),
      ...this.observers.map(({ name }) => `observer ${name}`),
      ...this.services.map(({ key }) => `service ${tokenName(key)}`),
    ];
  }

  private add<T>(list: T[], contribution: T): void {
    if (!this.open) throw new Error(`plugin ${this.plugin} contributes after register has returned`);
    list.push(contribution);
  }
}
