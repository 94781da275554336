/** The command line: `mailverb-smtp serve | check | schema | assembly | certificate | user | greylist | version`. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { ConfigurationError } from '@mailverb/core';
import { reasonOf, stackOf } from '../errors.js';
import { printAssembly } from './assembly.js';
import { certificate, DEFAULT_NAMES } from './certificate.js';
import { check } from './check.js';
import { greylistCommands } from './greylist/commands.js';
import { EXIT, type Io } from './io.js';
import { serve } from './serve.js';
import { user } from './user.js';

/** @param argv what follows the program's name. Resolves to the exit code; never rejects. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.ok;
  let run: () => Promise<number> = () => Promise.resolve(EXIT.ok);
  const program = commands((chosen) => (run = chosen), io);
  try {
    program.parse(argv, { from: 'user' });
    code = await run();
  } catch (error) {
    code = explain(error, argv.includes('--debug'), io);
  }
  return code;
}

function commands(choose: (run: () => Promise<number>) => void, io: Io): Command {
  const program = new Command('mailverb-smtp')
    .description('A mail server in which every part that has an opinion is a plugin.')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
    .showSuggestionAfterError(true);
  const command = (name: string, description: string) =>
    program.command(name).description(description).option('--debug', 'show where in the code an error came from');
  const withFile = (name: string, description: string) =>
    command(name, description).option('-c, --config <file>', 'YAML, JSON, or a module (.js, .mjs, .cjs, .ts, .mts)');

  withFile(
    'serve',
    'start the server; without --config: loopback, port 2525, mail for anybody into the Maildir ./var/mail',
  )
    .option('-q, --quiet', 'do not say on standard error where it listens')
    .action((options: { config?: string; quiet?: boolean; debug?: boolean }) => choose(() => serve(options, io)));
  withFile('check', 'check the configuration, and start nothing').action((options: { config?: string }) =>
    choose(() => check(options.config, io)),
  );
  withFile('assembly', 'show who owns which verb, keyword, parameter and stage')
    .option('--json', 'as JSON')
    .action((options: { config?: string; json?: boolean }) =>
      choose(() => printAssembly(options.config, options.json === true, io)),
    );
  withFile('schema', 'print the JSON Schema of the configuration file').action(() =>
    choose(async () => {
      // Needs every built-in plugin, so it is only loaded when it is asked for.
      const { configurationJsonSchema } = await import('../schema/json-schema.js');
      io.out(`${JSON.stringify(await configurationJsonSchema(), null, 2)}\n`);
      return EXIT.ok;
    }),
  );
  command('certificate', 'make a self-signed certificate for development: cert.pem and key.pem')
    .requiredOption('-o, --out <folder>', 'where the two files go')
    .option(
      '-n, --name <name>',
      `a name or address that it is for, again for each; default ${DEFAULT_NAMES.join(', ')}`,
      list,
    )
    .option('--days <number>', 'how long it is valid', days, 365)
    .option('-f, --force', 'replace files that are there')
    .action((options: { out: string; name?: readonly string[]; days: number; force?: boolean }) =>
      choose(() => {
        const { out, name: names = DEFAULT_NAMES, days, force = false } = options;
        return certificate({ out, names, days, force }, io);
      }),
    );
  command(
    'user',
    'put somebody into the file of the authenticator static; the password is typed, or comes by standard input',
  )
    .argument('<name>', 'as clients will say it')
    .option('--file <file>', 'where the entry goes: YAML, or lines of name:hash; without it the entry is printed')
    .action((name: string, options: { file?: string }) => choose(() => user({ name, file: options.file }, io)));
  greylistCommands(
    program.command('greylist').description('what the policy greylist knows: look at it, release, forget, allow'),
    choose,
    io,
  );
  command('version', 'print the versions of this program and of Node').action(() =>
    choose(() => {
      io.out(`mailverb-smtp ${ownVersion()} (Node ${process.version})\n`);
      return Promise.resolve(EXIT.ok);
    }),
  );
  return program;
}

/** An option that may stand several times. */
function list(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

function days(value: string): number {
  if (/^[1-9]\d{0,4}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('expected a number of days.');
}

function explain(error: unknown, debug: boolean, io: Io): number {
  // Commander has already said it, or it was asked for help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof ConfigurationError) {
    io.err(`${error.message}\n`);
    if (debug && error.cause !== undefined) io.err(`${stackOf(error.cause)}\n`);
    return EXIT.configuration;
  }
  io.err(`${reasonOf(error)}\n`);
  io.err(debug ? `${stackOf(error)}\n` : 'this is probably a bug; --debug shows where\n');
  return EXIT.software;
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
