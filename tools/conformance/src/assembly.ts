/** The assembly that all conversations are held with, and what their `@` lines may change of it. */
import { use, type PluginUse } from '@mailverb/contract';
import { listenerSettings, type Conversation, type ConversationServer, type TestServer } from '@mailverb/testing';
import { secure, startServer, type ServerOptions } from './server.js';
import { usersPlugin } from './users.js';
import { EVERY_VERB_AND_EXTENSION, OUR_RECIPIENTS, RECEIVED, pluginNamed } from './plugins.js';

/** Everything: all verbs and extensions, the recipients of example.org, the trace field, and a delivery that keeps messages. */
export const EVERYTHING: readonly PluginUse[] = [...EVERY_VERB_AND_EXTENSION, OUR_RECIPIENTS, RECEIVED];

/** A started server of {@link EVERYTHING}, with changes. */
export function everything(changes: ServerOptions = {}): Promise<TestServer> {
  return startServer({ plugins: EVERYTHING, ...changes });
}

/** All verbs and extensions with other policies. */
export function withPolicies(...policies: readonly PluginUse[]): readonly PluginUse[] {
  return [...EVERY_VERB_AND_EXTENSION, ...policies];
}

/**
 * The server that a conversation asks for. Beside a listener's own settings it may say
 * - `@ policies [...]`: instead of the recipients of example.org; each a name or `{"use": name, …options}`;
 * - `@ transforms [...]`: instead of `received`;
 * - `@ delivery {...}`: instead of one that keeps messages;
 * - `@ without [...]`: names of plugins to leave out;
 * - `@ options {...}`: options of verbs and extensions, by plugin name;
 * - `@ client 192.0.2.7`: the client's address, in memory;
 * - `@ tls starttls`: a certificate; with `implicit` the whole conversation is encrypted;
 * - `@ users {...}`: who has which password; without TLS the client is on this machine, so that it may say it;
 * - `@ trustedPeers [...]`: networks of peers who may speak for others;
 * - `@ proxyProtocol true`: connections of those begin with a PROXY header.
 */
export async function serverFor(conversation: Conversation, transport: 'memory' | 'tcp'): Promise<ConversationServer> {
  const { listener, others } = listenerSettings(conversation);
  const settings = new Map(others);
  const take = (name: string) => {
    const value = settings.get(name);
    settings.delete(name);
    return value;
  };
  const without = new Set(list(take('without')).map(String));
  const options = record(take('options') ?? {});
  const policies = take('policies');
  const transforms = take('transforms');
  const delivery = take('delivery');
  const client = take('client');
  const tls = tlsMode(take('tls'));
  const users = take('users');
  const trustedPeers = take('trustedPeers');
  const proxyProtocol = take('proxyProtocol') === true;
  for (const name of settings.keys()) throw new Error(`${conversation.name}: unknown setting ${name}`);
  const plugins = [
    ...EVERY_VERB_AND_EXTENSION.map((one) => withOptions(one, options)),
    ...(policies === undefined ? [OUR_RECIPIENTS] : list(policies).map((one) => described(one, 'policy'))),
    ...(transforms === undefined ? [RECEIVED] : list(transforms).map((one) => described(one, 'transform'))),
    ...(users === undefined ? [] : [usersPlugin(passwords(users))]),
  ].filter(({ plugin }) => !without.has(plugin.name));
  const inClear = users !== undefined && tls === undefined;
  const server = await startServer({
    ...listener,
    transport,
    plugins,
    tls,
    proxyProtocol,
    authWithoutTls: inClear ? 'loopback' : 'never',
    ...(delivery === undefined ? {} : { delivery: described(delivery, 'delivery') }),
    ...(trustedPeers === undefined ? {} : { trustedPeers: list(trustedPeers).map(String) }),
    endpoint: {
      ...(inClear ? { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' } : {}),
      ...(client === undefined ? {} : { remoteAddress: String(client) }),
    },
  });
  if (tls !== 'implicit') return server;
  return { clock: server.clock, connect: () => secure(server.connect()), stop: () => server.stop() };
}

function tlsMode(value: unknown): ServerOptions['tls'] {
  if (value === undefined || value === 'starttls' || value === 'implicit') return value;
  throw new Error(`expected starttls or implicit, not ${JSON.stringify(value)}`);
}

function passwords(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(record(value)).map(([name, password]) => [name, String(password)]));
}

function withOptions(one: PluginUse, options: Readonly<Record<string, unknown>>): PluginUse {
  const { name } = one.plugin;
  return Object.hasOwn(options, name) ? use(one.plugin, options[name]) : one;
}

/** A name, or `{ "use": name, …options }`; options that are described like that are plugins too. */
function described(description: unknown, kind?: string): PluginUse {
  if (typeof description === 'string') return use(pluginNamed(description, kind));
  const { use: name, mode, ...options } = record(description);
  if (typeof name !== 'string') throw new Error(`no plugin is described by ${JSON.stringify(description)}`);
  const how = mode === 'dry-run' ? ({ mode } as const) : {};
  return use(pluginNamed(name, kind), nested(options), how);
}

function nested(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nested);
  if (typeof value !== 'object' || value === null) return value;
  if (Object.hasOwn(value, 'use')) return described(value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, nested(inner)]));
}

function list(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Error(`expected a list, not ${JSON.stringify(value)}`);
  return value;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`expected an object, not ${JSON.stringify(value)}`);
  }
  return { ...value };
}
