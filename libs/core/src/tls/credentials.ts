/**
 * The certificates of one listener: read from their files, chosen by SNI, and read again when the files change, without a session noticing.
 *
 * They are read when the server is checked, not when it starts: a certificate that is not there, has expired keys beside it or belongs to
 * another key is a mistake in the configuration, and is told like one, before anything listens.
 */
import { constants, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Alarm, Clock, Logger } from '@mailverb/contract';
import type { CertificatePlan, TlsPlan } from '../host/plan.js';

/**
 * What a peer with a TLS library of this decade can do, with forward secrecy and authenticated encryption only. Node's own default also has
 * suites without either, for peers that should by now be rather refused than believed.
 */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

const RELOAD_INTERVAL_MS = 10_000;

/** A file that can't be used: which key of the plan named it, and why. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
  constructor(
    /** Keys below the plan's: `['certificates', 0, 'cert']`. */
    readonly keys: readonly (string | number)[],
    readonly file: string | undefined,
    message: string,
  ) {
    super(message);
  }
}

/** One look at all files. */
interface Loaded {
  readonly fallback: SecureContext;
  /** By name, in lower case; `*.example.org` under its own text. */
  readonly byName: ReadonlyMap<string, SecureContext>;
  /** What the files were like: changes when one of them does. */
  readonly state: string;
}

/** Gives the context for a handshake. */
export class Credentials {
  private loaded: Loaded;
  private alarm: Alarm | undefined;

  /**
   * Reads the files.
   * @param id tells this listener's sessions from others', where they are resumed with client certificates.
   * @throws {CredentialsError}
   */
  constructor(
    private readonly plan: TlsPlan,
    private readonly id: string,
  ) {
    this.loaded = load(plan, id);
  }

  /** True if it depends on the name that a client asks for. */
  get byName(): boolean {
    return this.loaded.byName.size > 0;
  }

  /** For a client that asks for this name, or for none. */
  contextFor(serverName: string | undefined): SecureContext {
    const { fallback, byName } = this.loaded;
    if (serverName === undefined || byName.size === 0) return fallback;
    const name = serverName.toLowerCase();
    return byName.get(name) ?? byName.get(`*${name.slice(Math.max(0, name.indexOf('.')))}`) ?? fallback;
  }

  /** Looks at the files from time to time, and reads them again when one has changed. What can't be used leaves everything as it was. */
  watch(clock: Clock, logger: Logger): void {
    const { reloadInterval = RELOAD_INTERVAL_MS } = this.plan;
    if (reloadInterval === 0) return;
    this.alarm = clock.after(reloadInterval, () => {
      this.refresh(logger);
      this.watch(clock, logger);
    });
  }

  /** Stops looking. */
  unwatch(): void {
    this.alarm?.cancel();
  }

  private refresh(logger: Logger): void {
    if (stateOf(this.plan) === this.loaded.state) return;
    try {
      this.loaded = load(this.plan, this.id);
      logger.info({ listener: this.id }, 'certificates have changed and were read again');
    } catch (error) {
      // Certificate and key are two files: in between the two writes they do not fit. The next look sees both.
      logger.error({ listener: this.id, error }, 'certificates have changed and can not be used: the old ones stay');
    }
  }
}

function load(plan: TlsPlan, id: string): Loaded {
  // Before the files are read: a change in between is seen by the next look.
  const state = stateOf(plan);
  const ca = plan.clientAuthorities === undefined ? undefined : readPem(plan.clientAuthorities, ['clientAuthorities']);
  let fallback: SecureContext | undefined;
  const byName = new Map<string, SecureContext>();
  for (const [i, certificate] of plan.certificates.entries()) {
    const { context, names } = contextOf(certificate, ['certificates', i], plan, ca, id);
    fallback ??= context;
    // The first that has a name keeps it.
    for (const name of names) if (!byName.has(name)) byName.set(name, context);
  }
  if (fallback === undefined) throw new CredentialsError(['certificates'], undefined, 'expected a certificate');
  return { fallback, byName: plan.certificates.length === 1 ? new Map() : byName, state };
}

function contextOf(
  { cert: certFile, key: keyFile, passphrase }: CertificatePlan,
  at: readonly (string | number)[],
  plan: TlsPlan,
  ca: Buffer | undefined,
  id: string,
): { readonly context: SecureContext; readonly names: readonly string[] } {
  const cert = readPem(certFile, [...at, 'cert']);
  const key = readPem(keyFile, [...at, 'key']);
  let names: readonly string[];
  try {
    names = namesOf(new X509Certificate(cert));
  } catch {
    throw new CredentialsError([...at, 'cert'], certFile, 'this is no certificate in PEM form');
  }
  try {
    const context = createSecureContext({
      cert,
      key,
      passphrase,
      ca,
      ciphers: plan.ciphers ?? CIPHERS,
      minVersion: plan.minimumVersion ?? 'TLSv1.2',
      honorCipherOrder: true,
      // A client has no reason to begin anew, and each time costs us more than it costs the client (CVE-2011-1473).
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      sessionIdContext: id.slice(0, 32),
    });
    return { context, names };
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code.includes('KEY_VALUES_MISMATCH')) {
      throw new CredentialsError([...at, 'key'], keyFile, 'this key does not belong to the certificate');
    }
    if (code.includes('NO_CIPHER_MATCH')) throw new CredentialsError(['ciphers'], undefined, 'no such ciphers');
    if (/passphrase|bad decrypt|interrupted or cancelled/i.test(message)) {
      throw new CredentialsError([...at, 'passphrase'], keyFile, 'the passphrase does not open the key');
    }
    throw new CredentialsError([...at, 'key'], keyFile, `certificate and key can not be used: ${message}`);
  }
}

function readPem(file: string, keys: readonly (string | number)[]): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = new Map([
      ['ENOENT', 'there is no such file'],
      ['EISDIR', 'it is a folder'],
      ['EACCES', 'permission denied'],
    ]).get(code ?? '');
    throw new CredentialsError(keys, file, `cannot read the file: ${why ?? code ?? 'unknown error'}`);
  }
}

/** The names that a certificate is for: its DNS names, or the common name of one that is so old that it has none. */
function namesOf(certificate: X509Certificate): readonly string[] {
  const alternatives = (certificate.subjectAltName ?? '')
    .split(', ')
    .flatMap((one) => /^DNS:(.+)$/.exec(one)?.[1] ?? []);
  const common = /^CN=(.+)$/m.exec(certificate.subject)?.[1];
  const names = alternatives.length > 0 || common === undefined ? alternatives : [common];
  return names.map((name) => name.toLowerCase());
}

/** Changes when a file is written, or another is put in its place (also behind a symbolic link). */
function stateOf({ certificates, clientAuthorities }: TlsPlan): string {
  const files = certificates.flatMap(({ cert, key }) => [cert, key]);
  if (clientAuthorities !== undefined) files.push(clientAuthorities);
  return files
    .map((file) => {
      const found = statSync(file, { throwIfNoEntry: false });
      return found === undefined ? 'none' : `${found.ino}.${found.size}.${found.mtimeMs}`;
    })
    .join(' ');
}
