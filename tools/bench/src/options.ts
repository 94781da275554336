/** The command line. */
import { parseArgs } from 'node:util';
import { SCENARIOS, type Scenario } from './scenarios.js';
import { SERVER_NAMES, type ServerName } from './servers/names.js';
import type { MaildirSettings } from './maildir/compare.js';
import type { GreylistSettings } from './greylist/main.js';
import type { CpuSettings } from './measure/cpu.js';

/** What can be measured, in this order. */
export const PARTS = ['cpu', 'memory', 'protocol', 'maildir', 'proxy', 'greylist', 'profile'] as const;

/** What is measured unless something else is asked for. */
const USUAL: readonly Part[] = ['cpu', 'memory', 'protocol', 'maildir', 'proxy', 'greylist'];

export type Part = (typeof PARTS)[number];

export interface BenchOptions {
  readonly parts: readonly Part[];
  readonly scenarios: readonly Scenario[];
  readonly servers: readonly ServerName[];
  readonly cpu: CpuSettings;
  readonly idleConnections: number;
  readonly maildir: MaildirSettings;
  readonly greylist: GreylistSettings;
  readonly installPostfix: boolean;
  readonly save: boolean;
}

export const USAGE = `npm run bench -- [options]

  --quick             a short run: fewer and shorter windows, fewer rounds
  --save              write docs/benchmarks/<date>.md
  --only PARTS        of ${PARTS.join(', ')}; all but profile if not given
  --scenarios NAMES   of ${SCENARIOS.map(({ name }) => name).join(', ')}
  --servers NAMES     of ${SERVER_NAMES.join(', ')}; raw is what the others are measured against
  --connections N     at once; default 20
  --seconds N         length of a window; default 2
  --windows N         windows that count, after the warm-up; default 5
  --node-flags FLAGS  for the node of all servers, such as "--max-semi-space-size=4"
  --disk FOLDER       where Maildir, Postfix's queue and the store are; default the system's temporary folder
  --install-postfix   apt-get install postfix first, if it is not there
  --help

The part "maildir" needs root and Debian's postfix. The part "proxy" installs Haraka from npm into a temporary folder, and needs Debian's nginx and
libnginx-mod-mail; what is not there is left out, and said so.`;

const FULL = { seconds: 2, windows: 5, maxWarmup: 12, idle: 10_000, messages: 10_000, rounds: 5, decisions: 50_000 };
const QUICK = { seconds: 0.5, windows: 3, maxWarmup: 4, idle: 10_000, messages: 2_000, rounds: 2, decisions: 10_000 };

/** @returns undefined if help was asked for. @throws with a sentence for people. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      only: { type: 'string' },
      scenarios: { type: 'string' },
      servers: { type: 'string' },
      connections: { type: 'string' },
      seconds: { type: 'string' },
      windows: { type: 'string' },
      'node-flags': { type: 'string' },
      disk: { type: 'string' },
      'install-postfix': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const length = values.quick ? QUICK : FULL;
  return {
    parts: values.only === undefined ? USUAL : choose('--only', values.only, PARTS),
    scenarios: chooseScenarios(values.scenarios),
    servers: choose('--servers', values.servers, SERVER_NAMES),
    cpu: {
      connections: positive('--connections', values.connections, 20),
      windowMs: positive('--seconds', values.seconds, length.seconds) * 1000,
      windows: positive('--windows', values.windows, length.windows),
      maxWarmup: length.maxWarmup,
      nodeFlags: values['node-flags']?.split(' ') ?? [],
    },
    idleConnections: length.idle,
    maildir: { messages: length.messages, rounds: length.rounds, disk: values.disk },
    greylist: {
      triples: 1_000_000,
      decisions: length.decisions,
      atOnce: positive('--connections', values.connections, 20),
      disk: values.disk,
    },
    installPostfix: values['install-postfix'],
    save: values.save,
  };
}

function chooseScenarios(given: string | undefined): readonly Scenario[] {
  const names = choose(
    '--scenarios',
    given,
    SCENARIOS.map(({ name }) => name),
  );
  return SCENARIOS.filter(({ name }) => names.includes(name));
}

/** Those of `known` that are named, in the order of `known`; all if nothing is given. */
function choose<T extends string>(option: string, given: string | undefined, known: readonly T[]): readonly T[] {
  if (given === undefined) return known;
  const names = given.split(',');
  const unknown = names.filter((name) => !known.some((one) => one === name));
  if (unknown.length > 0) throw new Error(`${option}: no ${unknown.join(', ')}; there is ${known.join(', ')}`);
  return known.filter((one) => names.includes(one));
}

function positive(option: string, given: string | undefined, otherwise: number): number {
  const number = given === undefined ? otherwise : Number(given);
  if (!(number > 0)) throw new Error(`${option}: a number above 0, not ${given}`);
  return number;
}
