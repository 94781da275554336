/** ldap: passwords that a directory checks, by a bind as whom they are for (RFC 4513 5.1.3). */
import { readFileSync } from 'node:fs';
import { Logger, Options, type Authenticator } from '@mailverb/contract';
import { AndFilter, Client, EqualityFilter, FilterParser, InvalidCredentialsError, type Entry } from 'ldapts';
import { inject, injectable } from 'tsyringe';
import { escapeDn } from './escape-dn.js';
import type { LdapOptions } from './ldap.options.js';

/** More are not wanted: one must be found, and a directory that has more than it was asked for says so instead. */
const SEVERAL = 10;

/** Names are no longer anywhere, and nobody is asked about one that is. */
const MAX_NAME = 255;

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
    if (password === '' || name === '' || name.length > MAX_NAME || name.includes('\0')) return undefined;
    const { maxConnections, url } = this.#options;
    if (this.#busy >= maxConnections) throw new Error('too many logins at once (maxConnections)');
    this.#busy += 1;
    const client = this.#client();
    try {
      return await this.#check(client, name, password);
    } catch (error) {
      // What a directory says may quote what was sent to it: only its kind is told.
      const { code, name: kind } = error as { readonly code?: unknown; readonly name?: unknown };
      const why = `${String(kind ?? 'failed')} ${String(code ?? '')}`.trim();
      this.#logger.error({ url, why }, 'the directory that knows identities gave no answer');
      throw new Error(`the directory gave no answer: ${why}`);
    } finally {
      this.#busy -= 1;
      client.unbind().catch(() => undefined);
    }
  }

  #client(): Client {
    const { url, timeout } = this.#options;
    return new Client({
      url,
      timeout,
      connectTimeout: timeout,
      ...(url.startsWith('ldaps:') ? { tlsOptions: this.#tls() } : {}),
    });
  }

  #tls(): { readonly ca?: Buffer } {
    const { ca } = this.#options;
    return ca === undefined ? {} : { ca: readFileSync(ca) };
  }

  async #check(client: Client, name: string, password: string): Promise<string | undefined> {
    const { dn, nameAttribute, startTls } = this.#options;
    if (startTls) await client.startTLS({ ...this.#tls(), host: new URL(this.#options.url).hostname });
    const found = dn === undefined ? await this.#find(client, name) : undefined;
    const who = dn === undefined ? found?.dn : dn.replaceAll('{name}', () => escapeDn(name));
    if (who === undefined) return undefined;
    try {
      await client.bind(who, password);
    } catch (error) {
      if (error instanceof InvalidCredentialsError) return undefined;
      throw error;
    }
    if (nameAttribute === undefined) return name;
    const entry = found ?? (await this.#read(client, who, nameAttribute));
    return entry === undefined ? undefined : only(entry[nameAttribute]);
  }

  /** The one entry of that name; undefined if there is none. */
  async #find(client: Client, name: string): Promise<Entry | undefined> {
    const { search, nameAttribute } = this.#options;
    if (search === undefined) return undefined;
    const { base, attribute, filter, bindDn, bindPassword } = search;
    if (bindDn !== undefined) await client.bind(bindDn, bindPassword ?? '');
    // As a value, and not as text that would be taken apart again: nothing in a name means anything (attack A6).
    const named = new EqualityFilter({ attribute, value: name });
    const { searchEntries } = await client.search(base, {
      scope: 'sub',
      filter: filter === undefined ? named : new AndFilter({ filters: [FilterParser.parseString(filter), named] }),
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

/** The one value of an attribute; undefined if there is none, or several of which nobody knows which is meant. */
function only(value: Entry[string] | undefined): string | undefined {
  const values = Array.isArray(value) ? value : [value];
  const [first] = values;
  return values.length === 1 && typeof first === 'string' && first !== '' ? first : undefined;
}
