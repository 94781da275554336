/** The certificate of the servers in scenarios with TLS: one for all of a run, so that all do the same arithmetic. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '@mailverb/certificates';
import type { Load } from '../scenarios.js';

let files: Promise<readonly string[]> | undefined;

/** What the servers of a scenario are started with: the files of certificate and key, or nothing. */
export async function certificateFor({ tls }: Load): Promise<readonly string[]> {
  return tls === true ? (files ??= make()) : [];
}

async function make(): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mailverb-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true }));
  const made = await makeCertificate();
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(cert, made.cert);
  writeFileSync(key, made.key);
  return [cert, key];
}
