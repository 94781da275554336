/** `mailverb-smtp serve` as a process of its own, from the built files. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './folder';
import { collect, kill, start } from './program';

/** The entry of the configurable server. */
export const MAIN = join(ROOT, 'apps/smtp-server/dist/main.cjs');

/** A listener on a port that is free. */
export const LISTENERS = [{ name: 'mx', port: 0 }];

const LISTENING = /listening on 127\.0\.0\.1:(\d+)/;

/** A server that runs. */
export class MailServer {
  /** Where it listens, on 127.0.0.1. */
  readonly port: number;

  private constructor(
    readonly child: ChildProcess,
    /** What it has said to people so far. */
    readonly said: () => string,
    /** What it has logged so far, where its log is standard output. */
    readonly logged: () => string,
  ) {
    this.port = Number(LISTENING.exec(said())?.[1]);
  }

  /**
   * Starts a server in `folder` and waits until it listens.
   * @param configuration goes to a file there: as JSON, or as it stands if it is text (YAML).
   */
  static start(folder: string, configuration: object | string): Promise<MailServer> {
    const isText = typeof configuration === 'string';
    const file = join(folder, isText ? 'mailverb.yaml' : 'mailverb.json');
    writeFileSync(file, isText ? configuration : JSON.stringify(configuration, undefined, 2));
    return MailServer.from(process.execPath, [MAIN, 'serve', '--config', file], folder);
  }

  /** Starts whatever ends in a server that says where it listens. */
  static from(program: string, args: readonly string[], cwd: string): Promise<MailServer> {
    return MailServer.listening(start(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  /** Waits until a process says where it listens. @throws (rejects) if it ends first. */
  static async listening(child: ChildProcess): Promise<MailServer> {
    const [said, logged] = [collect(child, 'stderr'), collect(child, 'stdout')];
    // Some say it on standard output (apps/sink; everything, under Nx).
    const both = (): string => said() + logged();
    await new Promise<void>((resolve, reject) => {
      const look = (): void => (LISTENING.test(both()) ? resolve() : undefined);
      child.stderr?.on('data', look);
      child.stdout?.on('data', look);
      child.once('error', reject);
      child.once('close', (code, signal) => reject(new Error(`it ended with ${signal ?? code}, and said:\n${both()}`)));
    });
    return new MailServer(child, both, logged);
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** Sends a signal and waits for the end; gives the exit code, or the signal that it died of. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals> {
    kill(this.child, signal);
    return this.ended();
  }

  /** The exit code, or the signal that it died of, once it has ended. */
  async ended(): Promise<number | NodeJS.Signals> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close');
    return this.child.signalCode ?? this.child.exitCode ?? 'SIGKILL';
  }
}
