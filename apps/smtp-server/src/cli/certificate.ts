/** `certificate`: a self-signed certificate for development, made by a library: no openssl program is needed. */
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { makeCertificate } from '@mailverb/certificates';
import { parseHost } from '@mailverb/protocol';
import { codeOf, reasonOf } from '../errors.js';
import { EXIT, type Io } from './io.js';

/** Options of the command. */
export interface CertificateOptions {
  /** The folder that the two files go to. */
  readonly out: string;
  /** DNS names and addresses; the first is the common name too. */
  readonly names: readonly string[];
  readonly days: number;
  /** Replaces files that are there. */
  readonly force: boolean;
}

/** What a developer's server is called. */
export const DEFAULT_NAMES: readonly string[] = ['localhost', '127.0.0.1', '::1'];

const FILES = { cert: 'cert.pem', key: 'key.pem' } as const;

/** Resolves to the exit code. */
export async function certificate({ out, names, days, force }: CertificateOptions, io: Io): Promise<number> {
  const wrong = names.find((name) => !isName(name));
  if (wrong !== undefined) {
    io.err(`--name: expected a domain such as mx.example.org or *.example.org, or an IP address (it is "${wrong}")\n`);
    return EXIT.usage;
  }
  const folder = resolve(io.cwd, out);
  const [cert, key] = [join(folder, FILES.cert), join(folder, FILES.key)];
  const there = [cert, key].find((file) => existsSync(file));
  if (there !== undefined && !force) {
    io.err(`${there} is there already: --force replaces it\n`);
    return EXIT.failure;
  }
  const made = await makeCertificate({ names, days });
  try {
    mkdirSync(folder, { recursive: true });
    // The key first: whoever watches the certificate finds both.
    put(key, made.key, 0o600, force);
    put(cert, made.cert, 0o644, force);
  } catch (error) {
    io.err(`cannot write to ${folder}: ${codeOf(error) === 'EEXIST' ? 'a file is there already' : reasonOf(error)}\n`);
    return EXIT.failure;
  }
  io.out(`${cert}\n${key}\nself-signed, for ${names.join(', ')}, valid for ${days} ${days === 1 ? 'day' : 'days'}\n`);
  io.out(`  tls: { cert: ${cert}, key: ${key} }\n`);
  return EXIT.ok;
}

/** Never readable by more than it should be, not even for a moment; a file that is replaced is replaced as a whole. */
function put(file: string, text: string, mode: number, force: boolean): void {
  if (!force) {
    writeFileSync(file, text, { flag: 'wx', mode });
    return;
  }
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text, { flag: 'wx', mode });
    chmodSync(temporary, mode);
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function isName(name: string): boolean {
  if (isIP(name) !== 0) return true;
  return parseHost(name.startsWith('*.') ? name.slice(2) : name)?.kind === 'domain';
}
