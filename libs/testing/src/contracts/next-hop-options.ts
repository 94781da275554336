/** The options that deliveries to a next hop share (libs/next-hop), for a target of `describeRemoteDelivery`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RemoteTarget } from './remote-suite.js';

const STEPS = ['connect', 'greeting', 'hello', 'mail', 'rcpt', 'data', 'body', 'final'];

/** Files of certificates, which the options name: make one for a spec, and `remove` it after all. */
export class PemFolder {
  private readonly folder = mkdtempSync(join(tmpdir(), 'mailverb-pem-'));
  private count = 0;

  /** A file with this text. */
  file(text: string): string {
    this.count += 1;
    const path = join(this.folder, `${this.count}.pem`);
    writeFileSync(path, text);
    return path;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** `host`, `port`, `timeouts`, `tls` and `auth`, as a configuration would say them. */
export function nextHopOptions(target: RemoteTarget, certificates: PemFolder): object {
  const { host, port, tls, ca, timeoutMs, credentials } = target;
  return {
    host,
    port,
    timeouts: Object.fromEntries(STEPS.map((step) => [step, `${timeoutMs}ms`])),
    tls:
      tls === 'none'
        ? { mode: 'none' }
        : { mode: 'required', serverName: 'localhost', ...(ca === undefined ? {} : { ca: certificates.file(ca) }) },
    ...(credentials === undefined ? {} : { auth: { user: credentials.username, password: credentials.password } }),
  };
}
