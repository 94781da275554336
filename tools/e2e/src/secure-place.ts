/** A server with certificates, and perhaps people: STARTTLS on one port, implicit TLS on the other. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate, type CertificateOptions } from '@mailverb/certificates';
import { folder } from './folder';
import { succeed } from './program';
import { MAIN, MailServer } from './server';

/** Who there is in {@link securePlace}. */
export const ANN = { name: 'ann@example.org', password: 'correct horse, 1' } as const;

/** Where a server is. */
export interface SecurePlace {
  readonly server: MailServer;
  readonly path: string;
  readonly maildir: string;
  /** PEM file of who has signed the server's certificate. */
  readonly ca: string;
  /** By the listener's name. */
  port(listener: string): number;
  /** The observer's transcript so far. */
  transcript(): string;
}

/** Makes a certificate and its key in a folder; gives the files. */
export async function certificateIn(
  path: string,
  name: string,
  options: CertificateOptions,
): Promise<{ readonly cert: string; readonly key: string }> {
  const made = await makeCertificate(options);
  const [cert, key] = [join(path, `${name}.cert.pem`), join(path, `${name}.key.pem`)];
  writeFileSync(cert, made.cert);
  writeFileSync(key, made.key, { mode: 0o600 });
  return { cert, key };
}

/** Every port that a server has said it listens on, by the listener's name. */
export function portOf(server: MailServer, listener: string): number {
  const found = new RegExp(`listening on 127\\.0\\.0\\.1:(\\d+) \\([^)]*\\b${listener}\\)`).exec(server.said());
  if (found === null) throw new Error(`no listener ${listener}:\n${server.said()}`);
  return Number(found[1]);
}

/**
 * Starts one.
 * @param more keys of the configuration; `listener` goes into both listeners.
 * @param ports where to listen, for who reloads: 0 is another one each time.
 */
export async function securePlace(
  more: object = {},
  listener: (path: string) => object | Promise<object> = () => ({}),
  ports: { readonly starttls: number; readonly implicit: number } = { starttls: 0, implicit: 0 },
): Promise<SecurePlace> {
  const path = folder();
  const authority = await makeCertificate({ commonName: 'e2e authority', names: ['ca.example'], authority: true });
  const ca = join(path, 'ca.pem');
  writeFileSync(ca, authority.cert);
  const { cert, key } = await certificateIn(path, 'mx', {
    names: ['localhost', 'mx.example.org'],
    signedBy: authority,
  });
  const extra = await listener(path);
  const both = { tls: { cert, key, ...('tls' in extra ? (extra.tls as object) : {}) } };
  const server = await MailServer.start(path, {
    hostname: 'mx.example.org',
    logger: { use: 'pino', level: 'warn' },
    observers: [{ use: 'transcript', destination: { file: './transcript.log' } }],
    policies: [{ use: 'recipients', domains: ['example.org'] }],
    delivery: { use: 'maildir', path: './mail' },
    ...more,
    listeners: [
      { ...extra, name: 'starttls', port: ports.starttls, ...both },
      { ...extra, name: 'implicit', port: ports.implicit, tls: { ...both.tls, mode: 'implicit' } },
    ],
  });
  return {
    server,
    path,
    maildir: join(path, 'mail'),
    ca,
    port: (name) => portOf(server, name),
    transcript: () => readFileSync(join(path, 'transcript.log'), 'utf8'),
  };
}

/** A file of people with {@link ANN} in it, made by the command line as a person would. */
export async function usersIn(path: string): Promise<string> {
  const file = join(path, 'users.yaml');
  const args = [MAIN, 'user', ANN.name, '--file', file];
  await succeed(process.execPath, args, { cwd: path, input: `${ANN.password}\n` });
  return file;
}
