/**
 * Opens the store that a configuration names, and nothing else of it, beside a server that may run: what the policy greylist keeps there is then to be
 * seen and changed.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Clock, Store, definePlugin, token, type PluginUse } from '@mailverb/contract';
import { ConfigurationError } from '@mailverb/core';
import type { GreylistOptions, GreylistRecords } from '@mailverb/policy-greylist';
import { inject, injectable } from 'tsyringe';
import { isPlainObject } from '../../configuration/tree.js';
import { assemble, loadConfiguration } from '../../plan/load.js';
import { usesWithin } from '../../plan/store.js';
import { rehearse } from '../../plugins/contributions.js';
import type { Io } from '../io.js';

/** What the policies of a configuration keep, one for each of their kinds of options. */
export interface Opened {
  /** There is at least one. */
  readonly records: readonly [GreylistRecords, ...GreylistRecords[]];
  /** Opens the store. */
  start(): Promise<void>;
  close(): Promise<void>;
}

const POLICY = 'policy-greylist';
const MEMORY = 'store-memory';
const LMDB = 'store-lmdb';

/** @throws {ConfigurationError} (rejects) if the configuration is wrong, has no greylist, or keeps it where nobody else can look. */
export async function openRecords(file: string | undefined, io: Io): Promise<Opened> {
  const loaded = await loadConfiguration(file, io);
  const { plan } = await assemble(loaded, io.createServer);
  const entries = greylistsOf(plan.listeners.flatMap(({ plugins }) => plugins));
  const store = plan.plugins?.find(({ plugin }) => rehearse(plugin).some(({ kind }) => kind === 'store'));
  if (entries.length === 0) throw problem('policies', 'there is no greylist in it');
  if (store === undefined) throw problem('store', 'there is none that could be looked into');
  if (store.plugin.name === MEMORY) {
    throw problem(
      'store',
      'memory is within the server that runs, and nobody else can look into it: expected { use: lmdb, path: ./var/store }, or redis',
    );
  }
  const missing = missingFolder(store, io.cwd);
  if (missing !== undefined) {
    throw problem(
      'store.path',
      `there is no ${missing}: no server has run with it yet, or was started in another folder, where relative paths begin`,
    );
  }
  // Files that are made here must be the server's own.
  const { user, group } = loaded.process;
  if (user !== undefined && io.privileged) io.become(user, group);

  // Only who asks for it pays for loading it.
  const { GreylistRecords: Records, greylistOptions } = await import('@mailverb/policy-greylist');
  const found: { store: Store; clock: Clock }[] = [];
  const server = await io.createServer({
    hostname: plan.hostname,
    plugins: [store, { plugin: finder((what) => found.push(what)), options: {} }],
    listeners: [],
  });
  const [services] = found;
  if (services === undefined) throw problem('store', 'could not be built');
  const options = unique(entries.map((entry) => greylistOptions.parse(entry.options)));
  const [first, ...more] = options.map((one) => new Records(one, services.store, services.clock));
  if (first === undefined) throw problem('policies', 'there is no greylist in it');
  return { records: [first, ...more], start: () => server.start(), close: () => server.stop() };
}

/** A plugin that gives out what it was given. */
function finder(found: (services: { readonly store: Store; readonly clock: Clock }) => void) {
  @injectable()
  class Finder {
    constructor(@inject(Store) store: Store, @inject(Clock) clock: Clock) {
      found({ store, clock });
    }
  }
  return definePlugin({
    name: 'service-greylist-records',
    needs: [Store],
    register: (contribute) => contribute.service(token<Finder>('smtp-server:GreylistRecords'), Finder),
  });
}

/** The folder that a store would have to make: then there is nothing in it, and it would belong to the wrong user. */
function missingFolder({ plugin, options }: PluginUse, cwd: string): string | undefined {
  if (plugin.name !== LMDB || !isPlainObject(options) || typeof options['path'] !== 'string') return undefined;
  const folder = resolve(cwd, options['path']);
  return existsSync(folder) ? undefined : folder;
}

/** Those in a list, and those that stand within others. */
function greylistsOf(uses: readonly PluginUse[]): readonly PluginUse[] {
  return uses.flatMap((use) => [
    ...(use.plugin.name === POLICY ? [use] : []),
    ...(use.plugin.nested === undefined ? [] : greylistsOf(usesWithin(use.options))),
  ]);
}

/** Those that differ in what a record is kept under, or how long. */
function unique(options: readonly GreylistOptions[]): readonly GreylistOptions[] {
  const terms = ({ ipv4Prefix, ipv6Prefix, foldLocal, passedFor, countDays }: GreylistOptions): string =>
    JSON.stringify([ipv4Prefix, ipv6Prefix, foldLocal, passedFor, countDays]);
  return [...new Map(options.map((one) => [terms(one), one])).values()];
}

function problem(path: string, message: string): ConfigurationError {
  return new ConfigurationError([{ path, message }]);
}
