/** The contract suite of authenticators finds what is wrong with an authenticator. */
import type { Authenticator, ClientCertificate, Lifecycle, ScramKeys } from '@mailverb/contract';
import { failuresOf } from './collect-failures.js';
import { describeAuthenticator, type AuthenticatorSuite, type AuthenticatorTools } from './describe-authenticator.js';
import { testScramKeys, testUser } from './test-authenticator.js';

const ANN = testUser('ann');
const KEYS = testScramKeys(ANN.password, 'SHA-256', 4096);
const SECRET = 'of the backend';

/** One that keeps the contract; what is wrong with the others is overridden. */
class Good implements Authenticator, Lifecycle {
  started = false;
  readonly #down: boolean;

  constructor(
    readonly tools: AuthenticatorTools,
    down = false,
  ) {
    this.#down = down;
  }

  start(): void {
    this.started = true;
  }

  async password(name: string, password: string): Promise<string | undefined> {
    await this.ask();
    return name === ANN.name && password === ANN.password ? ANN.name : undefined;
  }

  async token(token: string): Promise<string | undefined> {
    await this.ask();
    return token === ANN.token ? ANN.name : undefined;
  }

  async certificate({ fingerprint }: ClientCertificate): Promise<string | undefined> {
    await this.ask();
    return fingerprint === ANN.certificate.fingerprint ? ANN.name : undefined;
  }

  async scram(name: string, hash: string): Promise<ScramKeys | undefined> {
    await this.ask();
    return name === ANN.name && hash === 'SHA-256' ? KEYS : undefined;
  }

  mayActAs(_name: string, _other: string): boolean {
    return false;
  }

  protected async ask(): Promise<void> {
    await Promise.resolve();
    if (!this.started) throw new Error('not started');
    if (this.#down) throw new Error('there is no backend');
  }
}

const SUITE: Omit<AuthenticatorSuite, 'down'> = {
  knows: {
    name: ANN.name,
    password: ANN.password,
    token: ANN.token,
    certificate: ANN.certificate,
    scram: ['SHA-256'],
  },
  secrets: [SECRET],
};

/** The names of the tests that fail for the class. */
const failures = (
  One: new (tools: AuthenticatorTools, down?: boolean) => Authenticator & Lifecycle,
  suite: Partial<AuthenticatorSuite> = {},
): Promise<readonly string[]> =>
  failuresOf(() =>
    describeAuthenticator('test', (tools) => new One(tools), {
      ...SUITE,
      down: (tools) => new One(tools, true),
      ...suite,
    }),
  );

const METHODS = 'has a method for each credential';
const RIGHT = 'knows somebody by the right password';
const WRONG = 'knows nobody by a wrong password';
const UNKNOWN = 'knows nobody by a name that is unknown';
const MIXED = 'does not mix those';
const TOKEN = 'knows somebody by the right token';
const CERTIFICATE = 'knows somebody by the right certificate';
const SCRAM = 'has keys that are those of the password';
const ACTING = 'lets nobody act as somebody';
const DOWN = 'can not tell where its backend is down';

describe('describeAuthenticator', () => {
  it('finds nothing wrong with a good one, whatever it can check', async () => {
    expect(await failures(Good)).toEqual([]);
    class Tokens implements Authenticator {
      readonly #good: Good;
      constructor(tools: AuthenticatorTools, down?: boolean) {
        this.#good = new Good(tools, down);
        this.#good.start();
      }
      token(token: string): Promise<string | undefined> {
        return this.#good.token(token);
      }
    }
    expect(await failures(Tokens, { knows: { name: ANN.name, token: ANN.token } })).toEqual([]);
  });

  it('finds methods that are not there, or are and should not be', async () => {
    const { scram: _scram, ...knows } = SUITE.knows;
    expect(await failures(Good, { knows })).toEqual([expect.stringContaining(METHODS)]);
    expect(await failures(Good, { knows: { name: ANN.name } })).toContainEqual(expect.stringContaining(METHODS));
  });

  it('finds a name that is not said, or is said another way', async () => {
    class Silent extends Good {
      override async password(): Promise<undefined> {
        await this.ask();
      }
    }
    expect(await failures(Silent)).toContainEqual(expect.stringContaining(RIGHT));
    const knows = { ...SUITE.knows, acts: 'ann@test.example' };
    expect(await failures(Good, { knows })).toEqual(
      [RIGHT, MIXED, TOKEN, CERTIFICATE].map((title) => expect.stringContaining(title)),
    );
  });

  it('finds what is used up', async () => {
    class Once extends Good {
      #asked = false;
      override async password(name: string, password: string): Promise<string | undefined> {
        const said = await super.password(name, password);
        if (this.#asked) return undefined;
        this.#asked = said !== undefined;
        return said;
      }
    }
    expect(await failures(Once)).toContainEqual(expect.stringContaining(RIGHT));
  });

  it.each<[string, (password: string) => boolean]>([
    ['none', (password) => password === ''],
    ['its beginning', (password) => ANN.password.startsWith(password) && password !== ''],
    ['what comes before a NUL', (password) => password.split('\0')[0] === ANN.password],
    ['more than it', (password) => password.startsWith(ANN.password)],
  ])('finds a password that is taken for the right one: %s', async (_what, takes) => {
    class Lax extends Good {
      override async password(name: string, password: string): Promise<string | undefined> {
        return takes(password) ? super.password(name, ANN.password) : super.password(name, password);
      }
    }
    expect(await failures(Lax)).toContainEqual(expect.stringContaining(WRONG));
  });

  it.each<[string, (name: string) => boolean]>([
    ['a pattern', (name) => name.startsWith('*')],
    ['a filter', (name) => name.includes(')(')],
    ['what is to be cleaned', (name) => name.trim() === ANN.name],
    ['a key of every object', (name) => name in {}],
    ['one that looks alike', (name) => name.normalize('NFKC') === ANN.name],
  ])('finds a name that is taken for another: %s', async (_what, takes) => {
    class Lax extends Good {
      override async password(name: string, password: string): Promise<string | undefined> {
        return super.password(takes(name) ? ANN.name : name, password);
      }
    }
    expect(await failures(Lax)).toContainEqual(expect.stringContaining(UNKNOWN));
  });

  it('finds a name that makes it throw', async () => {
    class Throwing extends Good {
      override async password(name: string, password: string): Promise<string | undefined> {
        encodeURIComponent(name);
        return super.password(name, password);
      }
    }
    expect(await failures(Throwing)).toEqual([expect.stringContaining(UNKNOWN)]);
  });

  it('finds answers that mix', async () => {
    class Mixing extends Good {
      #last = '';
      override async password(name: string, password: string): Promise<string | undefined> {
        this.#last = name;
        await this.ask();
        return super.password(this.#last, password);
      }
    }
    expect(await failures(Mixing)).toEqual([expect.stringContaining(MIXED)]);
  });

  it('finds tokens, certificates and keys that are taken too easily', async () => {
    class Tokens extends Good {
      override async token(token: string): Promise<string | undefined> {
        return super.token(token.split('\0')[0] ?? '');
      }
    }
    class Certificates extends Good {
      override async certificate(certificate: ClientCertificate): Promise<string | undefined> {
        return certificate.emails.length === 0 ? ANN.name : super.certificate(certificate);
      }
    }
    class Keys extends Good {
      override async scram(): Promise<ScramKeys | undefined> {
        await this.ask();
        return KEYS;
      }
    }
    class OtherKeys extends Good {
      override async scram(name: string, hash: string): Promise<ScramKeys | undefined> {
        const keys = await super.scram(name, hash);
        return keys && { ...keys, serverKey: keys.storedKey };
      }
    }
    expect(await failures(Tokens)).toEqual([expect.stringContaining(TOKEN)]);
    expect(await failures(Certificates)).toEqual([expect.stringContaining(CERTIFICATE)]);
    expect(await failures(Keys)).toEqual([expect.stringContaining(SCRAM)]);
    expect(await failures(OtherKeys)).toEqual([expect.stringContaining(SCRAM)]);
  });

  it('finds somebody who may act as anybody', async () => {
    class Anybody extends Good {
      override mayActAs(name: string): boolean {
        return name === ANN.name;
      }
    }
    class Itself extends Good {
      override mayActAs(name: string, other: string): boolean {
        return name === other;
      }
    }
    expect(await failures(Anybody)).toEqual([expect.stringContaining(ACTING)]);
    expect(await failures(Itself)).toEqual([expect.stringContaining(ACTING)]);
  });

  it('finds a yes or a no where nobody can tell', async () => {
    class No extends Good {
      override password(name: string, password: string): Promise<string | undefined> {
        return super.password(name, password).catch(() => undefined);
      }
    }
    class Yes extends Good {
      override token(token: string): Promise<string | undefined> {
        return super.token(token).catch(() => ANN.name);
      }
    }
    class Text extends Good {
      protected override ask(): Promise<void> {
        // What is not written with types may throw anything.
        // oxlint-disable-next-line only-throw-error
        return super.ask().catch((error: unknown) => Promise.reject(String(error)));
      }
    }
    for (const One of [No, Yes, Text]) expect(await failures(One)).toEqual([expect.stringContaining(DOWN)]);
  });

  it('finds secrets that are to be seen: on it, in its log, in what it rejects with', async () => {
    class Open extends Good {
      readonly secret = SECRET;
    }
    class Deep extends Good {
      readonly deep = { er: { er: { er: [Buffer.from(SECRET)] } } };
    }
    class Remembering extends Good {
      last = '';
      override password(name: string, password: string): Promise<string | undefined> {
        this.last = password;
        return super.password(name, password);
      }
    }
    class Talking extends Good {
      override token(token: string): Promise<string | undefined> {
        this.tools.logger.debug({ token: Buffer.from(token).toString('base64') }, 'asked');
        return super.token(token);
      }
    }
    class Quoting extends Good {
      override async password(name: string, password: string): Promise<string | undefined> {
        return super.password(name, password).catch((cause: unknown) => {
          throw new Error('no answer', { cause: new Error(`no answer to ${password}: ${String(cause)}`) });
        });
      }
    }
    for (const One of [Open, Deep]) expect((await failures(One)).length).toBeGreaterThan(8);
    expect(await failures(Remembering)).toContainEqual(expect.stringContaining(RIGHT));
    expect(await failures(Talking)).toContainEqual(expect.stringContaining(TOKEN));
    expect(await failures(Quoting)).toEqual([expect.stringContaining(DOWN)]);
  });

  it('wants it started, and secrets that can be found', async () => {
    class NotStarting extends Good {
      override start(): void {
        throw new Error('no such file');
      }
    }
    expect((await failures(NotStarting)).length).toBeGreaterThan(8);
    const short = { name: ANN.name, password: 'short' };
    expect(await failures(Good, { knows: short })).toContainEqual(expect.stringContaining(METHODS));
  });
});
