/** ldap: passwords that a directory checks, by a bind as whom they are for (RFC 4513 5.1.3). */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { Logger, Options, type Authenticator } from '@mailverb/contract';
import { Client, ResultCodeError, type Entry } from 'ldapts';
import { inject, injectable } from 'tsyringe';
import { escapeDn } from './escape-dn.js';
import type { LdapOptions } from './ldap.options.js';
import { whoIsNamed } from './search-filter.js';
import { startTls, StartTlsError } from './start-tls.js';

/** More are not wanted: one must be found, and a directory that has more than it was asked for says so instead. */
const SEVERAL = 10;

/** Names are no longer anywhere, and nobody is asked about one that is. */
const MAX_NAME = 255;

/**
 * What says no to a bind: invalidCredentials; and of directories that tell more than they should, inappropriateAuthentication of an entry
 * without a password, and noSuchObject. Taken for failures these would tell who there is (attack A18).
 */
const REFUSALS: ReadonlySet<number> = new Set([49, 48, 32]);

/** The authenticator ldap. A connection for each login: none is left bound as somebody. */
@injectable()
export class LdapAuthenticator implements Authenticator {
  readonly #options: LdapOptions;
  readonly #logger: Logger;
  #busy = 0;

  constructor(@inject(Options) options: LdapOptions, @inject(Logger) logger: Logger) {
    this.#options = options;
    this.#logger = logger;
  }

  async password(name: string, password: string): Promise<string | undefined> {
    // A bind with a name and no password is anonymous, and succeeds (RFC 4513 5.1.2): the oldest hole in mail servers with a directory.
    if (password === '' || !isName(name)) return undefined;
    const { maxConnections, url } = this.#options;
    if (this.#busy >= maxConnections) throw new Error('too many logins at once (maxConnections)');
    this.#busy += 1;
    let client: Client | undefined;
    try {
      client = await this.#connected();
      return await this.#check(client, name, password);
    } catch (error) {
      const why = kindOf(error);
      this.#logger.error({ url, why }, 'the directory that knows identities gave no answer');
      throw new Error(`the directory gave no answer: ${why}`);
    } finally {
      this.#busy -= 1;
      client?.unbind().catch(() => undefined);
    }
  }

  /** On its own connection, which is encrypted if it is to be. With StartTLS there is never a second one, as ldapts would make it in clear. */
  async #connected(): Promise<Client> {
    const { url, timeout, startTls: begins } = this.#options;
    const common = { url, timeout, connectTimeout: timeout };
    if (!begins && !url.startsWith('ldaps:')) return new Client(common);
    const tlsOptions = this.#tls();
    if (!begins) return new Client({ ...common, tlsOptions });
    const port = Number(new URL(url).port || 389);
    const sockets = [await startTls(port, tlsOptions, AbortSignal.timeout(timeout))];
    return new Client({
      ...common,
      tlsOptions,
      createSecureConnection: () => {
        const socket = sockets.pop();
        if (socket === undefined) throw new StartTlsError('closed');
        return socket;
      },
    });
  }

  #tls(): { readonly host: string; readonly servername?: string; readonly ca?: Buffer } {
    const { ca, url } = this.#options;
    const host = new URL(url).hostname.replaceAll(/[[\]]/g, '');
    return {
      host,
      // RFC 6066 3: an address is no server name.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
    };
  }

  async #check(client: Client, name: string, password: string): Promise<string | undefined> {
    const { dn, nameAttribute } = this.#options;
    const found = dn === undefined ? await this.#find(client, name) : undefined;
    const who = dn === undefined ? found?.dn : dn.replaceAll('{name}', () => escapeDn(name));
    if (who === undefined) return this.#nobody(client, password);
    // What is no DN may be the name of a SASL mechanism to ldapts, and a bind with another meaning.
    if (!who.includes('=')) throw new Unnamed();
    if (!(await binds(client, who, password))) return undefined;
    if (nameAttribute === undefined) return name;
    const entry = found ?? (await this.#read(client, who, nameAttribute));
    return entry === undefined ? undefined : only(entry, nameAttribute);
  }

  /** An unknown name is a bind of nobody: without it, it would be known by the time that a bind takes (attack A18). */
  async #nobody(client: Client, password: string): Promise<undefined> {
    const base = this.#options.search?.base ?? '';
    try {
      await client.bind(`cn=${randomUUID()}${base === '' ? '' : `,${base}`}`, password);
    } catch (error) {
      if (!(error instanceof ResultCodeError)) throw error;
    }
    return undefined;
  }

  /** The one entry of that name; undefined if there is none. */
  async #find(client: Client, name: string): Promise<Entry | undefined> {
    const { search, nameAttribute } = this.#options;
    if (search === undefined) return undefined;
    const { base, bindDn, bindPassword } = search;
    if (bindDn !== undefined) await client.bind(bindDn, bindPassword ?? '');
    const { searchEntries } = await client.search(base, {
      scope: 'sub',
      filter: whoIsNamed(name, search),
      attributes: nameAttribute === undefined ? ['1.1'] : [nameAttribute],
      sizeLimit: SEVERAL,
    });
    if (searchEntries.length > 1) throw new Ambiguous();
    return searchEntries[0];
  }

  async #read(client: Client, who: string, attribute: string): Promise<Entry | undefined> {
    const { searchEntries } = await client.search(who, { scope: 'base', attributes: [attribute] });
    return searchEntries[0];
  }
}

/** Several people have that name: which of them is meant is for the directory's keeper to say. */
class Ambiguous extends Error {
  override readonly name = 'Ambiguous';
}

/** An entry was found whose DN is none. */
class Unnamed extends Error {
  override readonly name = 'Unnamed';
}

/** True if the directory lets somebody bind; rejects if it does not say. */
async function binds(client: Client, who: string, password: string): Promise<boolean> {
  try {
    await client.bind(who, password);
    return true;
  } catch (error) {
    if (error instanceof ResultCodeError && REFUSALS.has(error.code)) return false;
    throw error;
  }
}

/** The one value of an attribute; undefined if there is none, or several of which nobody knows which is meant, or it can be no name. */
function only(entry: Entry, attribute: string): string | undefined {
  // A directory may write an attribute in another case than it was asked for (RFC 4512 2.5).
  const wanted = attribute.toLowerCase();
  const values = Object.entries(entry).flatMap(([key, value]) => (key.toLowerCase() === wanted ? value : []));
  const [first] = values;
  return values.length === 1 && typeof first === 'string' && isName(first) ? first : undefined;
}

/**
 * A name goes into logs and header fields (attack A6). Spaces around it and beside each other are nothing to a directory that compares (RFC 4518
 * 2.6.1): with them one person would have any number of names, and each could be guessed at as often as one (attack A18).
 */
function isName(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return text !== '' && text.length <= MAX_NAME && !/[\x00-\x1f\x7f-\x9f\u2028\u2029]|^\s|\s\s|\s$/.test(text);
}

/** What kind of error it is. Not its words: a directory may quote what was sent to it. */
function kindOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'failed';
  const [name, code, message] = ['name', 'code', 'message'].map((key): unknown => Reflect.get(error, key));
  // ldapts has no other sign of it.
  if (name === 'AbortError' || /tim(?:ed |e)out$/.test(String(message))) return 'timed out';
  return code === undefined ? String(name) : `${String(name)} ${String(code)}`;
}
