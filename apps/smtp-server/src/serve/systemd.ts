/**
 * systemd is told by its own program, `systemd-notify`: Node has no datagram sockets in the file system, which sd_notify(3) wants. The unit must
 * therefore say `NotifyAccess=all`. Without NOTIFY_SOCKET nobody is told and nothing is run.
 */
import { spawn } from 'node:child_process';
import type { BoundAddress } from '@mailverb/core';
import { formatAddress } from '../cli/announce.js';
import { reasonOf } from '../errors.js';
import { UNSUPERVISED, type Supervisor } from './supervisor.js';

const PROGRAM = 'systemd-notify';

/** How it is run; tests have another. */
export type Tell = (assignments: readonly string[]) => Promise<void>;

/** @param complain is told once, in words, if systemd can't be. */
export function systemdSupervisor(
  env: Readonly<Record<string, string | undefined>>,
  complain: (problem: string) => void,
  tell: Tell = run,
): Supervisor {
  const socket = env['NOTIFY_SOCKET'];
  return socket === undefined || socket === '' ? UNSUPERVISED : new Systemd(tell, complain);
}

class Systemd implements Supervisor {
  /** One after the other: READY must not overtake RELOADING. */
  private last: Promise<void> = Promise.resolve();
  private complained = false;
  private status = '';

  constructor(
    private readonly tell: Tell,
    private readonly complain: (problem: string) => void,
  ) {}

  ready(addresses: readonly BoundAddress[]): void {
    this.status = `serving ${addresses.map(formatAddress).join(', ')}`;
    this.send('READY=1', `STATUS=${this.status}`);
  }

  reloading(): void {
    this.send('RELOADING=1', `STATUS=reading the configuration again`);
  }

  reloaded(ok: boolean): void {
    const failed = ok ? '' : '; the last reload failed, see the log';
    this.send('READY=1', `STATUS=${this.status}${failed}`);
  }

  stopping(): void {
    this.send('STOPPING=1', 'STATUS=waiting for open transactions');
  }

  private send(...assignments: readonly string[]): void {
    // Addresses come from the configuration; a line end would be another assignment.
    const lines = assignments.map((one) => one.replaceAll(/[\r\n]/g, ' '));
    this.last = this.last
      .then(() => this.tell(lines))
      .catch((error: unknown) => {
        if (this.complained) return;
        this.complained = true;
        this.complain(`systemd could not be told how we are: ${reasonOf(error)}`);
      });
  }
}

/** No shell: the program and its arguments (attack A11). */
function run(assignments: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(PROGRAM, [...assignments], { stdio: 'ignore' });
    child.once('error', (error) => reject(new Error(`${PROGRAM}: ${error.message}`)));
    child.once('exit', (code, signal) =>
      code === 0 ? resolve() : reject(new Error(`${PROGRAM} ended with ${signal ?? `code ${code}`}`)),
    );
    child.unref();
  });
}
