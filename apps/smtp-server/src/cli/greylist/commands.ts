/** The command line of `greylist`: what it takes. What it does is loaded when it is asked for. */
import type { Command } from 'commander';
import type { Io } from '../io.js';
import type { GreylistCommand, Selection } from './greylist.js';

/** As commander gives them. */
interface Given {
  readonly config?: string;
  readonly json?: boolean;
  readonly client?: string;
  readonly sender?: string;
  readonly recipient?: string;
  readonly all?: boolean;
  readonly waiting?: boolean;
  readonly passed?: boolean;
}

/**
 * Adds them.
 * @param greylist the command, made like all others.
 */
export function greylistCommands(greylist: Command, choose: (run: () => Promise<number>) => void, io: Io): void {
  const command = (name: string, description: string): Command =>
    greylist
      .command(name)
      .description(description)
      .requiredOption('-c, --config <file>', 'the configuration of the server')
      .option('--debug', 'show where in the code an error came from');
  const filtered = (name: string, description: string): Command =>
    command(name, description)
      .option('--client <address>', 'of this client or network')
      .option('--sender <address>', 'from this address or domain, or <>')
      .option('--recipient <address>', 'to this address or domain');

  command('stats', 'how many triples there are, and what was decided on each day')
    .option('--json', 'as JSON')
    .action((given: Given) => choose(async () => (await import('./greylist.js')).stats(told(given), io)));
  filtered('list', 'the triples that are known: state, network, sender, recipient, since when, last use')
    .option('--waiting', 'those that wait')
    .option('--passed', 'those that have passed')
    .option('--json', 'as JSON, a line each')
    .action((given: Given) =>
      choose(async () => (await import('./greylist.js')).list(told(given), selected(given), io)),
    );
  filtered('release', 'let those pass that wait')
    .option('--all', 'whoever they are')
    .action((given: Given) =>
      choose(async () => (await import('./greylist.js')).release(told(given), selected(given), io)),
    );
  filtered('forget', 'know nothing of them any more')
    .option('--all', 'whoever they are')
    .option('--waiting', 'those that wait')
    .option('--passed', 'those that have passed')
    .action((given: Given) =>
      choose(async () => (await import('./greylist.js')).forget(told(given), selected(given), io)),
    );
  command('allow', 'let a triple pass, also one that was never seen')
    .argument('<client>', 'an address')
    .argument('<sender>', 'an address, or <>')
    .argument('<recipient>', 'an address')
    .action((client: string, sender: string, recipient: string, given: Given) =>
      choose(async () => (await import('./greylist.js')).allow(told(given), { client, sender, recipient }, io)),
    );
}

function told({ config, json = false }: Given): GreylistCommand {
  return { config, json };
}

function selected({ client, sender, recipient, all = false, waiting = false, passed = false }: Given): Selection {
  return { client, sender, recipient, all, waiting, passed };
}
