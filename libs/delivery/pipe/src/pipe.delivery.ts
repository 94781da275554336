/**
 * Gives each message to a program on its standard input, and believes its exit code.
 *
 * The core holds the message until it is complete, and the program is started when it is committed: so an aborted message starts nothing, a slow
 * client holds no process, and what the program is given is always the whole.
 */
import {
  Clock,
  Logger,
  Options,
  type DeliveryContext,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Envelope,
  type Lifecycle,
  type Session,
} from '@mailverb/contract';
import { access, constants, stat } from 'node:fs/promises';
import { inject, injectable } from 'tsyringe';
import type { PipeOptions } from './pipe.options.js';
import { PipeTransaction } from './pipe.transaction.js';
import { Runner } from './runner.js';

/** Gives messages to a program. */
@injectable()
export class PipeDelivery implements DeliveryStrategy, Lifecycle {
  readonly durability = 'remote';
  readonly wholeMessage = true;
  private readonly runner: Runner;

  constructor(
    @inject(Options) private readonly options: PipeOptions,
    @inject(Clock) clock: Clock,
    @inject(Logger) private readonly logger: Logger,
  ) {
    this.runner = new Runner(options, clock, logger);
  }

  /** Looks at what can be seen without running the program. */
  async start(): Promise<void> {
    const { program, directory } = this.runner;
    await expectProgram(program);
    const found = await look(directory);
    if (found === undefined) throw new Error(`there is no directory ${directory} (option directory)`);
    if (!found.isDirectory()) throw new Error(`${directory} is no directory (option directory)`);
    expectRightToBe(this.options);
    // Whoever can make the program read a bad message would have the whole machine.
    if (this.options.uid === undefined && process.getuid?.() === 0) {
      this.logger.warn(
        { program },
        'pipe: the program may run as root: set uid and gid, or run the server as another user',
      );
    }
  }

  begin(envelope: Envelope, session: Session, context: DeliveryContext): DeliveryTransaction {
    return new PipeTransaction(this.runner, { envelope, session, context });
  }

  stop(): Promise<void> {
    return this.runner.stop();
  }
}

async function look(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function expectProgram(program: string): Promise<void> {
  const found = await look(program);
  if (found === undefined) throw new Error(`there is no program ${program} (option program: a path, not only a name)`);
  if (!found.isFile()) throw new Error(`${program} is no program but something else (option program)`);
  try {
    await access(program, constants.X_OK);
  } catch (error) {
    throw new Error(`${program} is not executable (option program)`, { cause: error });
  }
}

function expectRightToBe({ uid, gid }: PipeOptions): void {
  const me = process.getuid?.();
  if (me === 0) return;
  if (uid !== undefined && uid !== me) throw new Error(`only root can run a program as user ${uid} (option uid)`);
  if (gid !== undefined && gid !== process.getgid?.()) {
    throw new Error(`only root can run a program as group ${gid} (option gid)`);
  }
}
