/**
 * Builds what plugins contribute, by tsyringe: root container → one child per listener → one child per plugin instance, which holds its Options.
 * Nothing is resolved from a container after this.
 */
import 'reflect-metadata';
import {
  Options,
  tokenName,
  type ClassOf,
  type Contribution,
  type DeliveryStrategy,
  type Lifecycle,
  type MaybePromise,
  type Token,
} from '@mailverb/contract';
import { container as globalContainer, type DependencyContainer, type InjectionToken } from 'tsyringe';
import type { Spool } from '../body/spool.js';
import type { NamedTransform } from '../body/transform-chain.js';
import { TransformedDelivery } from '../body/transformed-delivery.js';
import { Instance, messageOf, replaceAt } from './instance.js';
import type { Issue } from './plan.js';

/** What is started and stopped, in dependency order: what is injected into something was built before it. */
export interface Part {
  readonly name: string;
  start?(): MaybePromise<void>;
  stop?(): MaybePromise<void>;
}

/** A container that belongs to one server: the global one is only asked for a child and never written to. */
export function rootContainer(): DependencyContainer {
  return globalContainer.createChildContainer();
}

/** Builds contributions within one scope: the server, or one listener. */
export class Builder {
  /** What was built for each strategy, for `assembly`. */
  readonly built = new Map<Instance, DeliveryStrategy>();
  private readonly scopes = new Map<
    Instance,
    { readonly container: DependencyContainer; readonly made: Map<unknown, unknown> }
  >();
  private readonly building: string[] = [];

  constructor(
    readonly container: DependencyContainer,
    private readonly parts: Part[],
    private readonly issues: Issue[],
    private readonly spool: Spool,
  ) {}

  /** Makes the services of an instance known to everybody in this scope; they are built when somebody injects them. */
  provide(instance: Instance): void {
    for (const { key, value } of instance.contributions.services) {
      this.container.register(asKey(key), {
        useFactory: () => this.make(instance, value, `service ${tokenName(key)}`),
      });
    }
    for (const nested of this.nestedOf(instance)) this.provide(nested);
  }

  /** Checks what the manifest says it needs, whether or not anything injects it yet. */
  needs(instance: Instance): void {
    for (const key of instance.plugin.needs ?? []) {
      if (this.container.isRegistered(asKey(key), true)) continue;
      this.issues.push({
        path: instance.path,
        message: `plugin ${instance.plugin.name} needs the service ${tokenName(key)}, which no plugin provides`,
      });
    }
    for (const nested of this.nestedOf(instance)) this.needs(nested);
  }

  /** Builds one contribution, once; adds an issue and gives undefined if that fails. */
  one<T>(instance: Instance, contribution: Contribution<T>, what: string): T | undefined {
    try {
      return this.make(instance, contribution, what);
    } catch (error) {
      this.issues.push({ path: instance.path, message: explain(error, instance, what) });
      return undefined;
    }
  }

  /** Builds the services that nobody has injected: an observer-like service may live by its `start` alone. */
  rest(instance: Instance): void {
    for (const { key, value } of instance.contributions.services)
      this.one(instance, value, `service ${tokenName(key)}`);
    const { starts, stops } = instance.contributions;
    const name = `plugin ${instance.plugin.name}`;
    for (const start of starts) this.parts.push({ name, start });
    for (const stop of stops) this.parts.push({ name, stop });
    for (const nested of this.nestedOf(instance)) this.rest(nested);
  }

  /** The strategy that an instance contributes, with the transforms of its entry around it. */
  delivery(instance: Instance): DeliveryStrategy | undefined {
    const [contributed] = instance.contributions.deliveries;
    if (contributed === undefined) return undefined;
    const strategy = this.one(instance, contributed.value, `delivery ${contributed.name}`);
    if (strategy === undefined) return undefined;
    const transforms = instance.transforms.flatMap((transform) => this.transforms(transform));
    const whole = transforms.length === 0 ? strategy : new TransformedDelivery(strategy, transforms, this.spool);
    this.built.set(instance, whole);
    return whole;
  }

  transforms(instance: Instance): NamedTransform[] {
    return instance.contributions.transforms.flatMap(({ name, value }) => {
      const transform = this.one(instance, value, `transform ${name}`);
      return transform === undefined ? [] : [{ name, transform }];
    });
  }

  private make<T>(instance: Instance, contribution: Contribution<T>, what: string): T {
    const scope = this.scopeOf(instance);
    const before = scope.made.get(contribution);
    // Under a contribution is what was made of it, so it is a T.
    if (before !== undefined) return before as T;
    if (this.building.includes(what)) throw new Error(`cycle: ${[...this.building, what].join(' → ')}`);
    this.building.push(what);
    try {
      const made = isClass(contribution) ? scope.container.resolve<T>(asClass(contribution)) : contribution;
      scope.made.set(contribution, made);
      this.watch(made, what);
      return made;
    } finally {
      this.building.pop();
    }
  }

  private scopeOf(instance: Instance) {
    const before = this.scopes.get(instance);
    if (before !== undefined) return before;
    const container = this.container.createChildContainer();
    let { options } = instance;
    for (const { keys, kind, value } of instance.nested) {
      const built = value instanceof Instance ? this.nestedValue(value, kind) : value;
      options = replaceAt(options, keys, built);
    }
    container.register(asKey(Options), { useValue: options });
    const scope = { container, made: new Map<unknown, unknown>() };
    this.scopes.set(instance, scope);
    return scope;
  }

  private nestedValue(instance: Instance, kind: 'delivery' | 'policy'): unknown {
    if (kind === 'delivery') return this.delivery(instance);
    const [policy] = instance.contributions.policies;
    return policy === undefined ? undefined : this.one(instance, policy.value, `policy ${policy.name}`);
  }

  private nestedOf(instance: Instance): Instance[] {
    const nested = instance.nested.flatMap(({ value }) => (value instanceof Instance ? [value] : []));
    return [...nested, ...instance.transforms];
  }

  private watch(made: unknown, name: string): void {
    if (typeof made !== 'object' || made === null) return;
    const part = made as Lifecycle;
    if (typeof part.start !== 'function' && typeof part.stop !== 'function') return;
    this.parts.push({
      name,
      start: () => part.start?.(),
      stop: () => part.stop?.(),
    });
  }
}

/** tsyringe's keys are symbols too; the type that ours carry is checked where they are written. */
export function asKey<T>(key: Token<T>): InjectionToken<T> {
  return key as symbol;
}

function isClass<T>(contribution: Contribution<T>): contribution is ClassOf<T> {
  return typeof contribution === 'function';
}

/** tsyringe's long message, as one sentence that names what is missing. */
function explain(error: unknown, { plugin }: Instance, what: string): string {
  const message = messageOf(error);
  const missing = /unregistered dependency token: "(?:Symbol\()?(?:mailverb:)?([^")]+)/.exec(message)?.[1];
  if (missing !== undefined)
    return `${what} of plugin ${plugin.name} needs the service ${missing}, which no plugin provides`;
  if (message.includes('TypeInfo not known')) {
    return `${what} of plugin ${plugin.name}: its class is not @injectable(), or was built with another copy of tsyringe`;
  }
  return `${what} of plugin ${plugin.name} can't be built: ${message}`;
}

/** The container is who calls the constructor, with what `@inject` says: the parameters' types are not looked at here. */
function asClass<T>(contribution: ClassOf<T>): new () => T {
  return contribution as new () => T;
}
