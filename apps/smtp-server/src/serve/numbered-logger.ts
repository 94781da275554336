/** Where several processes write one log, each line says whose it is: the configuration's logger, with one more field. */
import {
  Logger,
  definePlugin,
  token,
  type Contribute,
  type LogFields,
  type LogLevel,
  type PluginUse,
  type Token,
} from '@mailverb/contract';
import type { ServerPlan } from '@mailverb/core';
import { inject, injectable } from 'tsyringe';
import { rehearse } from '../plugins/contributions.js';

/** The plan with a logger that adds `worker` to every line. */
export function numbered(plan: ServerPlan, worker: number): ServerPlan {
  return { ...plan, plugins: plan.plugins?.map((use) => (isLogger(use) ? wrap(use, worker) : use)) };
}

const Plain = token<Logger>('smtp-server:PlainLogger');
const Worker = token<number>('smtp-server:Worker');

@injectable()
class NumberedLogger implements Logger {
  private readonly inner: Logger;

  constructor(@inject(Plain) plain: Logger, @inject(Worker) worker: number) {
    this.inner = plain.child({ worker });
  }

  trace(fields: LogFields, message: string): void {
    this.inner.trace(fields, message);
  }
  debug(fields: LogFields, message: string): void {
    this.inner.debug(fields, message);
  }
  info(fields: LogFields, message: string): void {
    this.inner.info(fields, message);
  }
  warn(fields: LogFields, message: string): void {
    this.inner.warn(fields, message);
  }
  error(fields: LogFields, message: string): void {
    this.inner.error(fields, message);
  }
  fatal(fields: LogFields, message: string): void {
    this.inner.fatal(fields, message);
  }
  child(fields: LogFields): Logger {
    return this.inner.child(fields);
  }
  enabled(level: LogLevel): boolean {
    return this.inner.enabled(level);
  }
}

/** True for a plugin that gives a logger. */
export function isLogger({ plugin }: PluginUse): boolean {
  return rehearse(plugin).some(({ kind }) => kind === 'logger');
}

function wrap(use: PluginUse, worker: number): PluginUse {
  const { plugin } = use;
  const register = (contribute: Contribute) => plugin.register(withLoggerBehind(contribute, worker));
  return { ...use, plugin: definePlugin({ ...plugin, register }) };
}

/** What `register` gets: all as it is, but the logger stands behind ours. */
function withLoggerBehind(contribute: Contribute, worker: number): Contribute {
  return {
    verb: (verb) => contribute.verb(verb),
    extension: (extension) => contribute.extension(extension),
    policy: (name, policy) => contribute.policy(name, policy),
    transform: (name, transform) => contribute.transform(name, transform),
    delivery: (name, strategy) => contribute.delivery(name, strategy),
    mechanism: (mechanism) => contribute.mechanism(mechanism),
    authenticator: (authenticator) => contribute.authenticator(authenticator),
    store: (store) => contribute.store(store),
    observer: (name, observer) => contribute.observer(name, observer),
    service: (key, service) => {
      if (!isLoggerKey(key)) return contribute.service(key, service);
      contribute.service<unknown>(Plain, service);
      contribute.service(Worker, worker);
      contribute.service(Logger, NumberedLogger);
    },
    onStart: (callback) => contribute.onStart(callback),
    onStop: (callback) => contribute.onStop(callback),
  };
}

function isLoggerKey(key: Token<unknown>): boolean {
  return key === Logger;
}
