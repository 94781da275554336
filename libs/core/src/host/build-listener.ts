/** Builds one listener from its plan: registries, stages, transforms, delivery, and everything that can be wrong with them. */
import {
  Authenticator as AuthenticatorToken,
  Capabilities,
  Clock,
  DURABILITIES,
  Listener as ListenerToken,
  Logger,
  Mechanisms,
  STAGES,
  VerbTable,
  type Authenticator,
  type DeliveryStrategy,
  type ListenerInfo,
} from '@mailverb/contract';
import { reply, type DecodeAscii } from '@mailverb/protocol';
import type { DependencyContainer, InjectionToken } from 'tsyringe';
import type { Spool } from '../body/spool.js';
import type { NamedTransform } from '../body/transform-chain.js';
import { TransformedDelivery } from '../body/transformed-delivery.js';
import { greetingSchema } from '../greeting.js';
import { limitsSchema, timeoutsSchema, type Limits, type Timeouts } from '../limits.js';
import type { Admission } from '../listener/admission.js';
import { Listener } from '../listener/listener.js';
import type { Sweeper } from '../listener/sweeper.js';
import { allAuthenticators } from '../registry/authenticators.js';
import { CapabilityRegistry } from '../registry/capability-registry.js';
import { MechanismRegistry } from '../registry/mechanism-registry.js';
import { MANDATORY_LMTP_VERBS, MANDATORY_VERBS, VerbRegistry } from '../registry/verb-registry.js';
import { StageRunner, type StagedPolicy } from '../stages/stage-runner.js';
import { Watchers, type NamedObserver } from '../stages/watchers.js';
import type { TlsSettings } from '../tls/secured.js';
import { asKey, Builder, type Part } from './builder.js';
import { Instance, instantiate } from './instance.js';
import type { Issue, ListenerPlan, ServerPlan } from './plan.js';
import type { AssembledDelivery, AssembledListener, AssembledPlugin } from './server.js';
import { tlsOf } from './tls-of.js';
import { join, validate } from './validate.js';

/** RFC 4954 4: octets of an AUTH command. */
const AUTH_LINE = 12_288;

/** A listener's plan with everything in it validated. */
export interface PreparedListener {
  readonly plan: ListenerPlan;
  readonly path: string;
  readonly limits: Limits;
  readonly timeouts: Timeouts;
  readonly instances: readonly Instance[];
  readonly delivery: Instance | undefined;
}

/** Validates a listener's plan; undefined if something is so wrong that nothing can be built. */
export async function prepareListener(
  plan: ListenerPlan,
  path: string,
  issues: Issue[],
): Promise<PreparedListener | undefined> {
  const before = issues.length;
  const instances: Instance[] = [];
  for (const [i, use] of plan.plugins.entries()) {
    const instance = await instantiate(use, use.path ?? join(path, ['plugins', i]), issues);
    if (instance !== undefined) instances.push(instance);
  }
  const { delivery: used } = plan;
  const deliveryPath = used?.path ?? join(path, ['delivery']);
  const delivery = used === undefined ? undefined : await instantiate(used, deliveryPath, issues);
  if (delivery !== undefined && delivery.contributions.deliveries.length !== 1) {
    const count = delivery.contributions.deliveries.length || 'none';
    issues.push({
      path: deliveryPath,
      message: `expected one delivery, but plugin ${delivery.plugin.name} contributes ${count}`,
    });
  }
  const limits = (await validate(limitsSchema, plan.limits ?? {}, join(path, ['limits']), issues)) as Limits;
  const timeouts = (await validate(timeoutsSchema, plan.timeouts ?? {}, join(path, ['timeouts']), issues)) as Timeouts;
  if (plan.greeting !== undefined) await validate(greetingSchema, plan.greeting, join(path, ['greeting']), issues);
  if (issues.length > before) return undefined;
  return { plan, path, limits, timeouts, instances, delivery };
}

/** What a listener needs of its server. */
export interface ServerScope {
  readonly plan: ServerPlan;
  readonly container: DependencyContainer;
  readonly observers: readonly NamedObserver[];
  /** Those that all listeners share. */
  readonly authenticators: readonly Authenticator[];
  readonly admission: Admission;
  readonly parts: Part[];
  readonly sweeper: Sweeper;
  readonly spool: Spool;
  readonly pending: Set<Promise<unknown>>;
  readonly issues: Issue[];
}

/** Builds it. What is wrong is added to the scope's issues. */
export function buildListener(
  prepared: PreparedListener,
  scope: ServerScope,
): { readonly listener: Listener; readonly assembly: AssembledListener } {
  const { plan, timeouts, instances } = prepared;
  const told = prepared.limits;
  // 0 is no limit, and Infinity is that in every comparison.
  const limits: Limits = { ...told, messageSize: told.messageSize === 0 ? Infinity : told.messageSize };
  const { issues } = scope;
  const info: ListenerInfo = Object.freeze({
    name: plan.name,
    hostname: plan.hostname ?? scope.plan.hostname,
    protocol: plan.protocol ?? 'smtp',
    maxMessageSize: told.messageSize,
    maxRecipients: limits.recipients,
    maxMessages: limits.messages,
    tls: plan.tls?.mode ?? 'none',
  });
  const container = scope.container.createChildContainer();
  const capabilities = new CapabilityRegistry();
  const verbs = new VerbRegistry();
  const mechanisms = new MechanismRegistry(plan.authWithoutTls ?? 'never');
  container.register(asKey(ListenerToken), { useValue: info });
  container.register(asKey(Capabilities), { useValue: capabilities });
  container.register(asKey(VerbTable), { useValue: verbs });
  container.register(asKey(Mechanisms), { useValue: mechanisms });
  const builder = new Builder(container, scope.parts, issues, scope.spool);
  for (const instance of instances) builder.provide(instance);
  if (prepared.delivery !== undefined) builder.provide(prepared.delivery);
  // A logger or clock of the listener's own is looked up only now, when the listener's services are known.
  const clock = basic(asKey<Clock>(Clock), container, scope);
  const logger = basic(asKey<Logger>(Logger), container, scope);

  const authenticators = instances.flatMap((instance) => authenticatorsOf(builder, instance));
  container.register(asKey(AuthenticatorToken), {
    useValue: allAuthenticators([...authenticators, ...scope.authenticators]),
  });
  for (const instance of instances) addMechanisms(builder, instance, mechanisms, issues);
  for (const instance of instances) {
    builder.needs(instance);
    addExtensions(builder, instance, capabilities, issues);
  }
  for (const instance of instances) addVerbs(builder, instance, verbs, issues);
  const policies = instances.flatMap((instance) => staged(builder, instance, timeouts.policy));
  const transforms = instances.flatMap((instance) => builder.transforms(instance));
  const observers = [...scope.observers, ...instances.flatMap((instance) => observersOf(builder, instance))];
  const { delivery: deliveryInstance } = prepared;
  if (deliveryInstance !== undefined) builder.needs(deliveryInstance);
  const delivery = deliveryInstance === undefined ? undefined : builder.delivery(deliveryInstance);
  for (const instance of instances) builder.rest(instance);
  if (deliveryInstance !== undefined) builder.rest(deliveryInstance);
  capabilities.limitBy(delivery);
  checkListener(prepared, verbs, delivery, issues);
  const tls = secure(prepared, scope, clock, logger);

  const watchers = new Watchers(observers, logger);
  const listener = new Listener(
    Object.freeze({
      info,
      limits,
      timeouts,
      verbs,
      watchers,
      transforms,
      delivery,
      clock,
      logger,
      sweeper: scope.sweeper,
      stages: new StageRunner(policies, clock, watchers),
      deliveryMs: timeouts.delivery,
      holds: mustHold(policies, transforms, delivery),
      spool: scope.spool,
      pending: scope.pending,
      admission: scope.admission,
      trustedPeers: plan.trustedPeers,
      proxyProtocol: plan.proxyProtocol === true,
      tls,
      greeting: reply(220, undefined, `${info.hostname} ${plan.greeting ?? defaultGreeting(info)}`),
      protocolOptions: {
        commandLine: limits.commandLine ?? capabilities.commandLineOctets(),
        ...(verbs.get('AUTH') === undefined ? {} : { authLine: AUTH_LINE }),
        textLine: limits.lineTooLong === 'reject' ? limits.textLine : 0,
        bareNewlines: plan.bareNewlines ?? 'reject',
        enhancedCodes: capabilities.all().some(({ extension }) => extension.keyword === 'ENHANCEDSTATUSCODES'),
        decodeAscii,
      },
    }),
    {
      host: plan.host ?? '127.0.0.1',
      ...(plan.port === undefined ? {} : { port: plan.port }),
      ...(plan.path === undefined ? {} : { path: plan.path }),
      ...(plan.fd === undefined ? {} : { fd: plan.fd }),
    },
  );
  const assembly: AssembledListener = {
    name: info.name,
    address: listener.address,
    protocol: info.protocol,
    plugins: [...instances, ...(deliveryInstance === undefined ? [] : [deliveryInstance])].map(assembledPlugin),
    verbs: verbs.all().map(({ verb, owner }) => ({ verb: verb.name, owner, phases: verb.phases })),
    keywords: capabilities.all().map(({ extension, owner }) => ({ keyword: extension.keyword, owner })),
    parameters: capabilities.parameters(),
    mechanisms: mechanisms.all().map(({ mechanism, owner }) => ({ mechanism: mechanism.name, owner })),
    tls: info.tls,
    stages: STAGES.map((stage) => ({
      stage,
      policies: listener.runtime.stages
        .at(stage)
        .map(({ name, dryRun }) => ({ name, mode: dryRun ? 'dry-run' : 'enforce' })),
    })),
    transforms: transforms.map(({ name }) => name),
    delivery: deliveryInstance === undefined ? undefined : assembledDelivery(deliveryInstance, builder),
    observers: observers.map(({ name }) => name),
  };
  return { listener, assembly };
}

/** A clock or logger; the server's, if the listener's own can't be built: that is an issue as soon as the rest is built. */
function basic<T>(key: InjectionToken<T>, container: DependencyContainer, scope: ServerScope): T {
  try {
    return container.resolve(key);
  } catch {
    return scope.container.resolve(key);
  }
}

function defaultGreeting({ protocol }: ListenerInfo): string {
  return `${protocol === 'lmtp' ? 'LMTP' : 'ESMTP'} Mailverb`;
}

// Node reads chunks into Buffers, whose own decoder is several times quicker than a TextDecoder for a command.
const decodeAscii: DecodeAscii = (bytes, from, to) =>
  Buffer.isBuffer(bytes)
    ? bytes.toString('latin1', from, to)
    : Buffer.from(bytes.subarray(from, to)).toString('latin1');

/** What an instance contributes, for `assembly`. */
export function assembledPlugin(instance: Instance): AssembledPlugin {
  return { plugin: instance.plugin.name, path: instance.path, contributes: instance.contributions.describe() };
}

/** The observers of an instance, built. */
export function observersOf(builder: Builder, instance: Instance): NamedObserver[] {
  return instance.contributions.observers.flatMap(({ name, value }) => {
    const observer = builder.one(instance, value, `observer ${name}`);
    return observer === undefined ? [] : [{ name, observer }];
  });
}

function staged(builder: Builder, instance: Instance, defaultBudget: number): StagedPolicy[] {
  const { mode, budgetMs } = instance.use;
  return instance.contributions.policies.flatMap(({ name, value }) => {
    const policy = builder.one(instance, value, `policy ${name}`);
    if (policy === undefined) return [];
    return [{ name, policy, dryRun: mode === 'dry-run', budgetMs: budgetMs ?? defaultBudget }];
  });
}

function addExtensions(builder: Builder, instance: Instance, capabilities: CapabilityRegistry, issues: Issue[]): void {
  for (const contribution of instance.contributions.extensions) {
    const extension = builder.one(instance, contribution, 'extension');
    if (extension === undefined) continue;
    const taken = capabilities.add(extension, instance.plugin.name);
    if (taken === undefined) continue;
    issues.push({
      path: instance.path,
      message: `${taken.what} has two owners: ${taken.owner} and ${instance.plugin.name}`,
    });
  }
}

/** The authenticators of an instance, built. */
export function authenticatorsOf(builder: Builder, instance: Instance): Authenticator[] {
  return instance.contributions.authenticators.flatMap((contribution) => {
    const authenticator = builder.one(instance, contribution, 'authenticator');
    return authenticator === undefined ? [] : [authenticator];
  });
}

function addMechanisms(builder: Builder, instance: Instance, mechanisms: MechanismRegistry, issues: Issue[]): void {
  for (const contribution of instance.contributions.mechanisms) {
    const mechanism = builder.one(instance, contribution, 'mechanism');
    if (mechanism === undefined) continue;
    const owner = mechanisms.add(mechanism, instance.plugin.name);
    if (owner === undefined) continue;
    issues.push({
      path: instance.path,
      message: `mechanism ${mechanism.name} has two owners: ${owner} and ${instance.plugin.name}`,
    });
  }
}

/** Reads the certificates, and has them looked at again while the server runs. */
function secure(
  { plan, path }: PreparedListener,
  { parts, issues }: ServerScope,
  clock: Clock,
  logger: Logger,
): TlsSettings | undefined {
  if (plan.proxyProtocol === true && plan.trustedPeers === undefined) {
    issues.push({
      path: join(path, ['proxyProtocol']),
      message: 'needs trustedPeers: whose PROXY headers are believed',
    });
  }
  const { tls: wanted } = plan;
  const tls = wanted === undefined ? undefined : tlsOf(wanted, plan.name, join(path, ['tls']), issues);
  if (tls !== undefined) {
    parts.push({
      name: `certificates of listener ${plan.name}`,
      start: () => tls.credentials.watch(clock, logger),
      stop: () => tls.credentials.unwatch(),
    });
  }
  return tls;
}

function addVerbs(builder: Builder, instance: Instance, verbs: VerbRegistry, issues: Issue[]): void {
  for (const contribution of instance.contributions.verbs) {
    const verb = builder.one(instance, contribution, 'verb');
    if (verb === undefined) continue;
    if (!/^[A-Z0-9-]+$/.test(verb.name)) {
      issues.push({ path: instance.path, message: 'a verb has a name in upper case letters', value: verb.name });
      continue;
    }
    const owner = verbs.add(verb, instance.plugin.name);
    if (owner === undefined) continue;
    issues.push({
      path: instance.path,
      message: `verb ${verb.name} has two owners: ${owner} and ${instance.plugin.name}; the later one may say override: true`,
    });
  }
}

function checkListener(
  { plan, path, delivery: instance }: PreparedListener,
  verbs: VerbRegistry,
  delivery: DeliveryStrategy | undefined,
  issues: Issue[],
): void {
  const has = (name: string) => verbs.get(name) !== undefined;
  if (['MAIL', 'RCPT', 'DATA', 'BDAT'].some(has)) {
    const lmtp = plan.protocol === 'lmtp';
    const missing = (lmtp ? MANDATORY_LMTP_VERBS : MANDATORY_VERBS).filter((name) => !has(name));
    if (missing.length > 0) {
      const why = lmtp ? 'RFC 2033 4.1' : 'RFC 5321 4.5.1';
      issues.push({
        path: join(path, ['verbs']),
        message: `a listener that takes mail must know ${missing.join(', ')} too (${why})`,
      });
    }
    if (instance === undefined) {
      issues.push({ path: join(path, ['delivery']), message: 'a listener that takes mail needs a delivery' });
    }
  }
  if (delivery === undefined) return;
  const { minimumDurability } = plan;
  if (
    minimumDurability !== undefined &&
    // Another server's word is as good as our own disk.
    DURABILITIES.indexOf(delivery.durability) < DURABILITIES.indexOf(minimumDurability) &&
    !(minimumDurability === 'remote' && delivery.durability === 'disk')
  ) {
    issues.push({
      path: join(path, ['minimumDurability']),
      message: `the delivery's 250 is only as durable as "${delivery.durability}", and "${minimumDurability}" is demanded`,
    });
  }
  if (plan.bareNewlines === 'accept' && delivery.durability === 'remote') {
    issues.push({
      path: join(path, ['bareNewlines']),
      message: '"accept" is not allowed where the delivery is another server, which may read bare newlines differently',
    });
  }
}

function mustHold(
  policies: readonly StagedPolicy[],
  transforms: readonly NamedTransform[],
  delivery: DeliveryStrategy | undefined,
): boolean {
  return (
    policies.some(({ policy }) => policy.wholeMessage === true) ||
    transforms.some(({ transform }) => transform.wholeMessage === true) ||
    delivery?.wholeMessage === true
  );
}

function assembledDelivery(instance: Instance, builder: Builder): AssembledDelivery {
  const strategy = builder.built.get(instance);
  return {
    name: instance.contributions.deliveries[0]?.name ?? instance.plugin.name,
    durability: strategy?.durability ?? 'unknown',
    transforms: strategy instanceof TransformedDelivery ? strategy.transforms.map(({ name }) => name) : [],
    parts: instance.nested.flatMap(({ keys, kind, value }) =>
      kind === 'delivery' && value instanceof Instance
        ? [{ at: join('', keys), delivery: assembledDelivery(value, builder) }]
        : [],
    ),
  };
}
