/** From the command line's `--config` to a plan: read, expand references, check the shape, find the plugins. Everything before the core. */
import { ConfigurationError, type Issue, type Server, type ServerPlan } from '@mailverb/core';
import type { PluginUse } from '@mailverb/contract';
import { checkShape } from '../configuration/check-shape.js';
import { defaultHostname, ZERO_CONFIGURATION } from '../configuration/defaults.js';
import { isWithin } from '../configuration/path.js';
import { readConfiguration, type ConfigurationFile } from '../configuration/read.js';
import { expandReferences } from '../configuration/references.js';
import { Secrets } from '../configuration/secrets.js';
import { configurationSchema } from '../configuration/shape.js';
import { isPlainObject } from '../configuration/tree.js';
import { PluginFinder } from '../plugins/finder.js';
import type { ImportModule } from '../plugins/import-module.js';
import { buildPlan } from './build-plan.js';
import { coerceReferences } from './coerce.js';
import { EntryReader } from './entries.js';
import { relocate } from './listener-tls.js';
import { processSettings, type ProcessSettings } from './process-settings.js';
import type { InheritedSockets } from './sockets.js';

/** The core's `createServer`, or a test's. */
export type CreateServer = (plan: ServerPlan) => Promise<Server>;

/** What the world around must give. */
export interface LoadContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The machine's name. */
  readonly machine: string;
  /** How many processors there are for us. */
  readonly processors: number;
  readonly importModule: ImportModule;
}

/** A configuration that was made sense of, or as much of it as could be. */
export interface LoadedConfiguration {
  /** The file, undefined for a server that was given none. */
  readonly file: string | undefined;
  readonly plan: ServerPlan | undefined;
  readonly deadlineMs: number;
  /** With their values as they may be printed. */
  readonly issues: readonly Issue[];
  readonly secrets: Secrets;
  /** What it says about processes, and not about a server in one of them. */
  readonly process: ProcessSettings;
  /** Where something that the core has found stands in the file. */
  readonly placeOf: (path: string) => string;
}

/**
 * @param sockets that were passed to this process, if a server is to listen on them.
 * @throws {ConfigurationError} if the file can't be read at all.
 */
export async function loadConfiguration(
  file: string | undefined,
  context: LoadContext,
  sockets?: InheritedSockets,
): Promise<LoadedConfiguration> {
  const { env, cwd, importModule } = context;
  const written: ConfigurationFile =
    file === undefined
      ? { name: '', folder: cwd, tree: { ...ZERO_CONFIGURATION } }
      : await readConfiguration(file, cwd, { env }, importModule);
  const {
    value,
    referenced,
    issues: referenceIssues,
  } = expandReferences(written.tree, { env, folder: written.folder });
  const tree = await coerceReferences(value, '', configurationSchema, referenced);
  const secrets = new Secrets(tree, referenced);
  const found: Issue[] = [...referenceIssues];
  const shape = checkShape(isPlainObject(tree) ? tree : {});
  // A reference that could not be resolved is said once, and not again for what it is not.
  found.push(...shape.issues.filter(({ path }) => !referenceIssues.some((issue) => issue.path === path)));
  const process = processSettings(shape.checked, context.processors);
  const result = { file, secrets, process, deadlineMs: 0, placeOf: (path: string) => path };
  if (shape.configuration === undefined || shape.checked === undefined) {
    return { ...result, plan: undefined, issues: found.map((issue) => presentable(issue, secrets)) };
  }
  const entries = new EntryReader(new PluginFinder(written.folder, importModule), referenced);
  const wrong = new Set(found.map(({ path }) => path));
  const planned = await buildPlan(shape.configuration, shape.checked, entries, {
    hostname: defaultHostname(context.machine),
    processes: process.processes,
    sockets,
    wrong,
  });
  found.push(...planned.issues.filter(({ path }) => !referenceIssues.some((issue) => isWithin(path, issue.path))));
  return {
    ...result,
    plan: planned.plan,
    deadlineMs: planned.deadlineMs,
    placeOf: (path) => relocate(path, planned.moved),
    issues: found.map((issue) => presentable(issue, secrets)),
  };
}

/** A server, and what it was built from. */
export interface Assembled {
  readonly server: Server;
  readonly plan: ServerPlan;
}

/**
 * Lets the core build it. If something was wrong already, the core still judges the options of the plugins that were found, so that one run
 * tells everything; what it says about the whole is left out then, because the whole is not there.
 * @param more plugins of the server's that no configuration names.
 * @throws {ConfigurationError}
 */
export async function assemble(
  loaded: LoadedConfiguration,
  createServer: CreateServer,
  more: readonly PluginUse[] = [],
): Promise<Assembled> {
  const { issues, secrets } = loaded;
  if (loaded.plan === undefined) throw new ConfigurationError(issues);
  const plan: ServerPlan = { ...loaded.plan, plugins: [...(loaded.plan.plugins ?? []), ...more] };
  try {
    const server = await createServer(plan);
    if (issues.length === 0) return { server, plan };
    throw new ConfigurationError(issues);
  } catch (error) {
    if (!(error instanceof ConfigurationError) || error.issues === issues) throw error;
    const entryPaths = issues.length === 0 ? [] : pathsOfUses(plan);
    const known = new Set(issues.map(({ path }) => path));
    const added = error.issues
      .map((issue) => ({ ...issue, path: loaded.placeOf(issue.path) }))
      .filter(({ path }) => issues.length === 0 || entryPaths.some((entry) => path !== entry && isWithin(path, entry)))
      .filter(({ path }) => !known.has(path));
    throw new ConfigurationError([...issues, ...added.map((issue) => presentable(issue, secrets))]);
  }
}

function pathsOfUses(plan: ServerPlan): readonly string[] {
  const all: (PluginUse | undefined)[] = [
    ...(plan.plugins ?? []),
    ...plan.listeners.flatMap(({ plugins, delivery }) => [...plugins, delivery]),
  ];
  return all.flatMap((use) => (use?.path === undefined ? [] : [use.path]));
}

/** An issue that can be printed. */
function presentable(issue: Issue, secrets: Secrets): Issue {
  return { ...issue, message: secrets.scrub(issue.message), value: secrets.show(issue.path, issue.value) };
}
