/** SCRAM from the client's side: the examples of the RFCs, a server that knows its keys, and those that pretend. */
import fc from 'fast-check';
import type { PasswordCredentials } from './credentials.js';
import { SaslError, type SaslFault } from './sasl-error.js';
import { ScramServer, type ScramServerOptions } from './scram-server.fixture.js';
import { MAX_ITERATIONS, ScramClient, type ScramBinding } from './scram.js';

const ann: PasswordCredentials = { username: 'ann', password: 'pencil' };
const text = (octets: Uint8Array | undefined) => Buffer.from(octets ?? []).toString();

/** What is thrown, now or later. */
async function faultOf(attempt: () => unknown): Promise<SaslFault | 'none'> {
  try {
    await attempt();
    return 'none';
  } catch (error) {
    if (error instanceof SaslError) return error.fault;
    throw error;
  }
}

it.each([
  // RFC 5802 5.
  [
    'SHA-1',
    'fyko+d2lbbFgONRv9qkxdawL',
    'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
    'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
  ],
  // RFC 7677 3.
  [
    'SHA-256',
    'rOprNGfwEbeRWgbNEkqO',
    'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  ],
] as const)(
  'SCRAM-%s says what the example of its RFC says',
  async (hash, nonce, serverFirst, clientFinal, serverFinal) => {
    const exchange = new ScramClient(hash, { username: 'user', password: 'pencil' }, 'no', () => nonce).begin();
    expect(text(exchange.initial)).toBe(`n,,n=user,r=${nonce}`);
    expect(text(await exchange.respond(Buffer.from(serverFirst)))).toBe(clientFinal);
    expect(await exchange.respond(Buffer.from(serverFinal))).toHaveLength(0);
    expect(() => exchange.finish()).not.toThrow();
  },
);

/** A whole exchange. @returns whether the server has accepted. */
async function meet(
  server: Partial<ScramServerOptions>,
  credentials: PasswordCredentials = ann,
  binding: ScramBinding = 'no',
  hash: 'SHA-1' | 'SHA-256' = 'SHA-256',
): Promise<boolean> {
  const other = new ScramServer({ hash, username: 'ann', password: 'pencil', gs2: 'n,,', ...server });
  const exchange = new ScramClient(hash, credentials, binding).begin();
  const last = await exchange.respond(other.first(exchange.initial ?? Buffer.alloc(0)));
  await exchange.respond(other.final(last));
  exchange.finish();
  return other.accepted;
}

describe.each(['SHA-1', 'SHA-256'] as const)('SCRAM-%s with a server', (hash) => {
  it('comes to an end', async () => {
    expect(await meet({}, ann, 'no', hash)).toBe(true);
  });

  it.each(['tls-exporter', 'tls-server-end-point'] as const)('is bound by %s', async (type) => {
    const data = Buffer.from('what the channel is');
    expect(new ScramClient(hash, ann, { type, data }).name).toBe(`SCRAM-${hash}-PLUS`);
    expect(await meet({ gs2: `p=${type},,`, bound: data }, ann, { type, data }, hash)).toBe(true);
    const elsewhere = { gs2: `p=${type},,`, bound: Buffer.from('another channel') };
    expect(await faultOf(() => meet(elsewhere, ann, { type, data }, hash))).toBe('refused');
  });

  it('says that it would be bound where nobody offered that', async () => {
    expect(await meet({ gs2: 'y,,' }, ann, 'could', hash)).toBe(true);
  });
});

describe('names and passwords', () => {
  it.each([
    [{ username: 'a,b=c', password: 'pencil' }, { username: 'a=2Cb=3Dc' }],
    [{ username: 'I\u00adX', password: 'pen\u00adcil' }, { username: 'IX' }],
    [
      { username: 'J\u00f6rg', password: '\u2168' },
      { username: 'J\u00f6rg', password: 'IX' },
    ],
    // A tab can't be prepared: as it is.
    [{ username: 'ann', password: 'a\tb' }, { password: 'a\tb' }],
    [{ username: 'ann', password: 'pencil', authzid: 'the,boss' }, { gs2: 'n,a=the=2Cboss,' }],
    [{ username: 'ann', password: 'pencil', authzid: '' }, {}],
  ])('%p', async (credentials, server) => {
    expect(await meet(server, credentials)).toBe(true);
  });

  it.each([
    { username: '', password: 'pencil' },
    { username: 'ann', password: '' },
    { username: 'a\0b', password: 'pencil' },
    { username: 'a\tb', password: 'pencil' },
    { username: 'ann', password: 'pen\0cil' },
    { username: 'ann', password: 'pencil', authzid: 'a\tb' },
  ])('%p can not be used', async (credentials) => {
    expect(await faultOf(() => new ScramClient('SHA-256', credentials).begin())).toBe('credentials');
  });
});

it('has a nonce of its own for each attempt', () => {
  const client = new ScramClient('SHA-256', ann);
  const nonces = new Set(Array.from({ length: 50 }, () => text(client.begin().initial)));
  expect(nonces.size).toBe(50);
  for (const first of nonces) expect(first).toMatch(/^n,,n=ann,r=[A-Za-z0-9+/]{24}$/);
});

describe('the first message of a server', () => {
  const answer = (message: string | Uint8Array) =>
    faultOf(() => new ScramClient('SHA-256', ann, 'no', () => 'mine').begin().respond(Buffer.from(message)));

  it.each([
    'r=mineyours,s=c2FsdA==,i=4096',
    'r=mine!,s=c2FsdA==,i=4097,x=y,Y==',
    'r=mineyours,s=c2FsdA==,i=4096,x=\u00e9',
  ])('is %s', async (message) => {
    expect(await answer(message)).toBe('none');
  });

  it.each([
    ['nothing', ''],
    ['no nonce', 's=c2FsdA==,i=4096'],
    ['no salt', 'r=mineyours,i=4096'],
    ['an empty salt', 'r=mineyours,s=,i=4096'],
    ['a salt that is no base64', 'r=mineyours,s=c2FsdA=,i=4096'],
    ['no iterations', 'r=mineyours,s=c2FsdA=='],
    ['iterations that are no number', 'r=mineyours,s=c2FsdA==,i=0x1000'],
    ['iterations with a zero before', 'r=mineyours,s=c2FsdA==,i=04096'],
    ['iterations below none', 'r=mineyours,s=c2FsdA==,i=-1'],
    ['none', 'r=mineyours,s=c2FsdA==,i=0'],
    ['iterations without end', `r=mineyours,s=c2FsdA==,i=${'9'.repeat(400)}`],
    ['another order', 's=c2FsdA==,r=mineyours,i=4096'],
    ['an extension that must be understood', 'm=x,r=mineyours,s=c2FsdA==,i=4096'],
    ['one that comes later', 'r=mineyours,s=c2FsdA==,i=4096,m=x'],
    ['a second salt', 'r=mineyours,s=c2FsdA==,i=4096,s=c2FsdA=='],
    ['a comma at the end', 'r=mineyours,s=c2FsdA==,i=4096,'],
    ['a nonce with a space', 'r=mine yours,s=c2FsdA==,i=4096'],
    ['a line end', 'r=mineyours,s=c2FsdA==,i=4096\r\n'],
    ['an error', 'e=other-error'],
    ['what is not UTF-8', Buffer.from('r=mineyours,s=c2FsdA==,i=4096,x=\xff', 'latin1')],
    ['more than anybody needs', `r=mine${'y'.repeat(5000)},s=c2FsdA==,i=4096`],
  ])('is not one with %s', async (_what, message) => {
    expect(await answer(message)).toBe('malformed');
  });

  it.each([
    ['another nonce', 'r=yoursyours,s=c2FsdA==,i=4096'],
    ['a nonce to which it has added nothing', 'r=mine,s=c2FsdA==,i=4096'],
    ['ours behind its own', 'r=yoursmine,s=c2FsdA==,i=4096'],
    ['few iterations', 'r=mineyours,s=c2FsdA==,i=4095'],
    ['many iterations', `r=mineyours,s=c2FsdA==,i=${MAX_ITERATIONS + 1}`],
    ['as many as can be written', 'r=mineyours,s=c2FsdA==,i=9999999999'],
  ])('is not believed with %s', async (_what, message) => {
    expect(await answer(message)).toBe('untrusted');
  });

  it('is anything at all, and nothing but a typed error comes of it', async () => {
    const piece = fc.constantFrom(
      'r=mine',
      'yours',
      ',',
      's=',
      'c2FsdA==',
      'i=',
      '4096',
      'e=',
      'm=x',
      'x=',
      '\0',
      '\r\n',
    );
    const message = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((all) => all.join('')),
      fc.uint8Array(),
    );
    await fc.assert(
      fc.asyncProperty(message, async (said) => {
        expect(['none', 'malformed', 'untrusted']).toContain(await answer(said));
      }),
    );
  });
});

describe('the last message of a server', () => {
  /** How the exchange ends if the server's last message is changed. */
  async function ends(change: (final: Buffer) => string | Uint8Array | undefined): Promise<SaslFault | 'none'> {
    const server = new ScramServer({ hash: 'SHA-256', username: 'ann', password: 'pencil', gs2: 'n,,' });
    const exchange = new ScramClient('SHA-256', ann).begin();
    const last = await exchange.respond(server.first(exchange.initial ?? Buffer.alloc(0)));
    const final = change(server.final(last));
    return faultOf(async () => {
      if (final !== undefined) expect(await exchange.respond(Buffer.from(final))).toHaveLength(0);
      exchange.finish();
    });
  }

  it('is the signature, and may have more behind it', async () => {
    expect(await ends((final) => final)).toBe('none');
    expect(await ends((final) => `${text(final)},x=y`)).toBe('none');
  });

  it('must have been: a 235 alone proves nothing', async () => {
    expect(await ends(() => undefined)).toBe('untrusted');
    expect(await faultOf(() => new ScramClient('SHA-256', ann).begin().finish())).toBe('untrusted');
  });

  it('is not believed with another signature, of whatever length', async () => {
    expect(await ends(() => `v=${Buffer.alloc(32).toString('base64')}`)).toBe('untrusted');
    expect(await ends(() => `v=${Buffer.alloc(20).toString('base64')}`)).toBe('untrusted');
    expect(
      await ends((final) => `v=${Buffer.from(text(final).slice(2), 'base64').subarray(0, 31).toString('base64')}`),
    ).toBe('untrusted');
  });

  it.each(['', 'v=', 'v=!', 'V=cnVi', 'v', 'x=y,v=cnVi', 'v=cnVi,m=x', 'v=cnVi,'])('is not %p', async (message) => {
    expect(await ends(() => message)).toBe('malformed');
  });

  it('may be an error, in words that are known', async () => {
    expect(await ends(() => 'e=unknown-user')).toBe('refused');
    const exchange = new ScramClient('SHA-256', ann, 'no', () => 'mine').begin();
    await exchange.respond(Buffer.from('r=mineyours,s=c2FsdA==,i=4096'));
    await expect(exchange.respond(Buffer.from('e=pencil'))).rejects.toThrow(/^the server says other-error$/);
  });

  it('has nothing behind it, and nothing comes after a failure', async () => {
    expect(await ends(() => 'e=unknown-user')).toBe('refused');
    const exchange = new ScramClient('SHA-256', ann, 'no', () => 'mine').begin();
    expect(await faultOf(() => exchange.respond(Buffer.from('nonsense')))).toBe('malformed');
    expect(await faultOf(() => exchange.respond(Buffer.from('r=mineyours,s=c2FsdA==,i=4096')))).toBe('malformed');
    expect(await faultOf(() => exchange.finish())).toBe('untrusted');
  });

  it('is accepted in no other form', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(45), fc.integer({ min: 1, max: 255 }), async (at, difference) => {
        const end = await ends((final) => final.map((octet, i) => (i === at ? octet ^ difference : octet)));
        expect(end).not.toBe('none');
      }),
      { numRuns: 60 },
    );
  });
});

it('notices a server with another password, and that server notices it', async () => {
  expect(await faultOf(() => meet({ password: 'pen' }))).toBe('refused');
});
