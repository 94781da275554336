import { bodyOf, bodyOfHeld } from '@mailverb/body';
import { SmtpError } from '@mailverb/contract';
import { deliver, openDelivery, testContext, testMailbox, testRecipient } from '@mailverb/testing';
import { inspect } from 'node:util';
import { s3Options, type S3Options, type S3OptionsInput } from './index.js';
import { scene, SECRET, type Fault, type Scene } from './s3.fixture.js';

const TO = ['ann@example.org'];
const MESSAGE = Buffer.from('Subject: x\r\n\r\nx\r\n');
/** Three parts. */
const LARGE = Buffer.alloc(130_000, 'x\r\n');
const PARTS = { partSize: 50_000 };

const scenes: Scene[] = [];

async function start(options: Partial<S3OptionsInput> = {}, small: Partial<S3Options> = {}): Promise<Scene> {
  const made = await scene(options, small);
  scenes.push(made);
  await made.strategy.start();
  return made;
}

afterEach(async () => {
  for (const one of scenes.splice(0)) {
    await one.cleanup();
    expect(one.clock.pending).toBe(0);
  }
});

/** The reply, or that of what was thrown. */
async function send(at: Scene, message: Uint8Array = MESSAGE): Promise<string> {
  try {
    const { outcomes } = await deliver(at.strategy, TO, message);
    return String(outcomes[0]?.reply);
  } catch (error) {
    return error instanceof SmtpError ? String(error.reply) : inspect(error);
  }
}

const first = (reply: string): string => reply.slice(0, 9);

/** What happens to the first requests of an operation for keys that end so. */
function faults(at: Scene, operation: string, end: string, ...list: readonly (Fault | undefined)[]): void {
  const left = [...list];
  at.store.fault = (request) =>
    request.operation === operation && request.key.endsWith(end) ? left.shift() : undefined;
}

describe('what the store says', () => {
  it.each<[string, Fault, string, number]>([
    ['no access', { status: 403, code: 'AccessDenied' }, '451 4.3.5', 1],
    ['a wrong key', { status: 403, code: 'InvalidAccessKeyId' }, '451 4.3.5', 1],
    ['a wrong secret', { status: 403, code: 'SignatureDoesNotMatch' }, '451 4.3.5', 1],
    ['no bucket', { status: 404, code: 'NoSuchBucket' }, '451 4.3.5', 1],
    ['another region', { status: 301, code: 'PermanentRedirect' }, '451 4.3.5', 1],
    ['a clock that is wrong', { status: 403, code: 'RequestTimeTooSkewed' }, '451 4.3.5', 1],
    ['slow down', { status: 503, code: 'SlowDown' }, '451 4.3.2', 2],
    ['an error of its own', { status: 500, code: 'InternalError' }, '451 4.3.2', 2],
    ['that it waited too long', { status: 400, code: 'RequestTimeout' }, '451 4.3.2', 2],
    ['other bytes than these', { status: 400, code: 'BadDigest' }, '451 4.3.0', 2],
    ['something unheard of', { status: 418, code: 'Teapot' }, '451 4.3.0', 1],
    ['too large', { status: 400, code: 'EntityTooLarge' }, '552 5.3.4', 1],
    ['nothing, and is gone', 'reset', '451 4.4.1', 2],
    ['something that is no store', 'nonsense', '451 4.3.0', 1],
  ])('%s: %p is %s', async (_what, fault, expected, attempts) => {
    for (const end of ['.json', '.eml']) {
      const at = await start();
      faults(at, 'PutObject', end, fault, fault, fault);
      const said = await send(at);
      expect(first(said)).toBe(expected);
      expect(at.store.calls.filter((call) => call.startsWith('PutObject') && call.endsWith(end))).toHaveLength(
        attempts,
      );
      expect([await at.stored(), await at.leftovers()]).toEqual([[], []]);
      expect(at.log).toMatchObject([{ level: 'warn', message: 's3: a message could not be stored' }]);
      // The client hears nothing of whom we asked, and what he said.
      expect(said).not.toMatch(/127\.0\.0\.1|mail\/|as the test wants|Access|Bucket/);
    }
  });

  it.each<[Fault]>([
    [{ status: 503, code: 'SlowDown' }],
    [{ status: 500, code: 'InternalError' }],
    ['reset'],
    ['done-and-reset'],
  ])('%p once is tried again', async (fault) => {
    const at = await start();
    faults(at, 'PutObject', '.eml', fault);
    expect(first(await send(at))).toBe('250 2.0.0');
    expect(await at.stored()).toEqual([MESSAGE]);
    expect(await at.leftovers()).toEqual([]);
  });

  it('nothing ends after a time, and is not tried again', async () => {
    const at = await start({ timeout: '30s' });
    let silent: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      silent = resolve;
    });
    at.store.fault = ({ operation, key }) => {
      if (operation !== 'PutObject' || !key.endsWith('.eml')) return undefined;
      silent();
      return 'silence';
    };
    const said = send(at);
    await asked;
    await at.clock.advance(29_999);
    expect(at.store.calls).toHaveLength(2);
    await at.clock.advance(1);
    expect(first(await said)).toBe('451 4.4.2');
    expect(at.store.calls.map((call) => call.split(' ')[0])).toEqual([
      'PutObject',
      'PutObject',
      'DeleteObject',
      'DeleteObject',
    ]);
    expect([await at.stored(), await at.leftovers()]).toEqual([[], []]);
  });

  it.each(['.json', '.eml'])(
    'nothing, although it has the %s: it is taken back before the client comes again',
    async (end) => {
      const at = await start({ maxAttempts: 1 });
      faults(at, 'PutObject', end, 'done-and-reset');
      expect(first(await send(at))).toBe('451 4.4.1');
      expect([await at.stored(), await at.leftovers()]).toEqual([[], []]);
    },
  );

  it('no, after it may have said yes: it is taken back too', async () => {
    const at = await start();
    faults(at, 'PutObject', '.eml', 'done-and-reset', { status: 403, code: 'AccessDenied' });
    expect(first(await send(at))).toBe('451 4.3.5');
    expect([await at.stored(), await at.leftovers()]).toEqual([[], []]);
  });

  it('no when something is to be taken back: the envelope stays as long as the message does, and the log says so', async () => {
    const at = await start({ maxAttempts: 1 });
    at.store.fault = ({ operation, key }) => {
      if (operation === 'DeleteObject') return { status: 403, code: 'AccessDenied' };
      return key.endsWith('.eml') ? 'done-and-reset' : undefined;
    };
    expect(first(await send(at))).toBe('451 4.4.1');
    expect(at.store.objects.size).toBe(2);
    expect(at.log.map(({ message }) => message)).toEqual([
      's3: what was stored of a message could not be taken back',
      's3: a message could not be stored',
    ]);
  });
});

describe('parts', () => {
  it.each<[string, Fault, string]>([
    ['CreateMultipartUpload', { status: 403, code: 'AccessDenied' }, '451 4.3.5'],
    ['CreateMultipartUpload', { status: 503, code: 'SlowDown' }, '451 4.3.2'],
    ['CreateMultipartUpload', 'nonsense', '451 4.3.0'],
    ['UploadPart', { status: 403, code: 'AccessDenied' }, '451 4.3.5'],
    ['UploadPart', 'nonsense', '451 4.3.0'],
    ['CompleteMultipartUpload', { status: 500, code: 'InternalError' }, '451 4.3.2'],
    // As Amazon says it after it has said 200 to keep the connection.
    ['CompleteMultipartUpload', { status: 200, code: 'InternalError' }, '451 4.3.2'],
    ['CompleteMultipartUpload', { status: 400, code: 'EntityTooLarge' }, '552 5.3.4'],
    ['CompleteMultipartUpload', 'nonsense', '451 4.3.0'],
    ['CompleteMultipartUpload', 'done-and-reset', '451 4.4.1'],
  ])('%s: %p leaves nothing behind, and is %s', async (operation, fault, expected) => {
    const at = await start({}, PARTS);
    faults(at, operation, '.eml', fault);
    expect(first(await send(at, LARGE))).toBe(expected);
    expect([await at.stored(), await at.leftovers()]).toEqual([[], []]);
  });

  it('are tried again', async () => {
    const at = await start({}, PARTS);
    faults(at, 'UploadPart', '.eml', 'reset', undefined, { status: 503, code: 'SlowDown' });
    expect(first(await send(at, LARGE))).toBe('250 2.0.0');
    expect((await at.stored())[0]?.equals(LARGE)).toBe(true);
  });

  it('are as long as configured, and one that is the whole is none', async () => {
    const at = await start({}, PARTS);
    await send(at, LARGE);
    const sizes = at.store.requests
      .filter(({ operation }) => operation === 'UploadPart')
      .map(({ body }) => body.length);
    expect(sizes).toEqual([50_000, 50_000, 30_000]);
    at.store.requests.length = 0;
    await send(at, LARGE.subarray(0, 50_000));
    expect(at.store.calls.map((call) => call.split(' ')[0])).toEqual(['PutObject', 'PutObject']);
  });

  it('of a transaction that is aborted while the upload begins are taken back', async () => {
    const at = await start({ hold: false }, PARTS);
    let answered: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      answered = resolve;
    });
    at.store.fault = ({ operation }) => {
      if (operation === 'CreateMultipartUpload') answered();
      return undefined;
    };
    const { transaction } = await openDelivery(at.strategy, TO);
    const body = Promise.resolve(transaction.body(bodyOf([LARGE]))).catch((error: Error) => error.name);
    await begun;
    await transaction.abort('test');
    expect(await body).toBe('BodyAborted');
    expect(at.store.calls.map((call) => call.split(' ')[0])).toContain('AbortMultipartUpload');
    expect(await at.leftovers()).toEqual([]);
  });
});

describe('limits', () => {
  it('of memory defer what comes beyond them, and memory is given back', async () => {
    const at = await start({ maxMemory: '100kB' });
    const open = await openDelivery(at.strategy, TO);
    await open.transaction.body(bodyOfHeld({ size: 80_000, open: () => bodyOf([LARGE.subarray(0, 80_000)]) }));
    expect(await send(at, LARGE.subarray(0, 30_000))).toMatch(/^452 4\.3\.1 /);
    expect(at.log).toMatchObject([{ level: 'warn', fields: { error: { name: 'OutOfMemory' } } }]);
    await open.transaction.abort('test');
    for (let i = 0; i < 3; i++) expect(first(await send(at, LARGE.subarray(0, 80_000)))).toBe('250 2.0.0');
  });

  it('a server that gives up while it commits has stored nothing', async () => {
    const at = await start();
    const gone = new AbortController();
    at.store.fault = ({ operation, key }) => {
      if (operation !== 'PutObject' || !key.endsWith('.eml')) return undefined;
      gone.abort();
      return 'done-and-reset';
    };
    const { transaction } = await openDelivery(at.strategy, TO, { context: testContext(gone.signal) });
    await transaction.body(bodyOf([MESSAGE]));
    const commit = Promise.resolve(transaction.commit()).catch((error: Error) => error.name);
    expect(await commit).toBe('BodyAborted');
    expect([await at.stored(), await at.leftovers()]).toEqual([[], []]);
  });
});

describe('the start', () => {
  it('asks nobody, and messages wait until the store is there', async () => {
    const at = await scene();
    scenes.push(at);
    const { endpoint } = at.store;
    await at.store.stop();
    const late = await start({ endpoint });
    expect(first(await send(late))).toBe('451 4.4.1');
  });

  it('looks at the bucket if that is wanted', async () => {
    const good = await start({ check: true });
    expect(good.store.calls).toEqual(['HeadBucket ']);
    for (const options of [{ bucket: 'other' }, { endpoint: 'http://127.0.0.1:1', maxAttempts: 1 }]) {
      const at = await scene({ check: true, ...options });
      scenes.push(at);
      await expect(at.strategy.start()).rejects.toThrow(
        `the bucket ${options.bucket ?? 'mail'} can not be used: HeadBucket: `,
      );
    }
  });

  it('needs the file that it was told of', async () => {
    const at = await scene({ ca: '/no/such/file.pem' });
    scenes.push(at);
    await expect(at.strategy.start()).rejects.toThrow('/no/such/file.pem');
  });
});

describe('secrets', () => {
  it('are in nothing that is shown, logged or said (attack A23)', async () => {
    const at = await start({ maxAttempts: 1 });
    faults(at, 'PutObject', '.json', { status: 403, code: 'SignatureDoesNotMatch' });
    const said = await send(at);
    const shown =
      inspect([at.strategy, said, at.log], { depth: 20, showHidden: true }) + JSON.stringify([at.strategy, at.log]);
    expect(shown).not.toContain(SECRET);
    expect(shown).not.toContain('AWS4-HMAC');
    expect(shown).not.toContain('Signature=');
  });

  it.each(['http://name:password@127.0.0.1', 'https://name@store.example'])('have no place in %s', (endpoint) => {
    expect(s3Options.safeParse({ bucket: 'mail', endpoint }).success).toBe(false);
  });
});

describe('what is stored', () => {
  it('has names of time and chance alone (attack A12), is signed, and has its envelope beside it', async () => {
    const at = await start({
      key: 'in/{year}-{month}-{day}T{hour}/{id}/{random}',
      encryption: { kind: 'aws:kms', keyId: 'key-1' },
      storageClass: 'STANDARD_IA',
    });
    const recipient = testRecipient('"../../a b"@example.org', {
      NOTIFY: new Set(['failure'] as const),
      ORCPT: { type: 'rfc822', address: '../x\r\n@example.com' },
    });
    const envelope = {
      id: '../T1',
      reversePath: testMailbox('j\u00f6rg@example.net'),
      parameters: { SMTPUTF8: true as const },
    };
    await deliver(at.strategy, [recipient, 'bob@example.org'], MESSAGE, { envelope });
    const [json, eml] = [...at.store.objects.keys()];
    expect(eml).toMatch(/^in\/2026-01-01T00\/___T1\/[0-9a-f]{24}\.eml$/);
    expect(json).toBe(eml?.replace('.eml', '.json'));
    const { headers, bytes } = at.store.objects.get(eml ?? '') ?? { headers: {}, bytes: undefined };
    expect(bytes).toEqual(MESSAGE);
    expect(headers).toMatchObject({
      'content-type': 'message/rfc822',
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'key-1',
      'x-amz-storage-class': 'STANDARD_IA',
    });
    expect(String(at.store.objects.get(json ?? '')?.bytes)).toMatch(/^[!-~]+$/);
    expect(JSON.parse(String(at.store.objects.get(json ?? '')?.bytes))).toEqual({
      version: 1,
      id: '../T1',
      from: 'j\u00f6rg@example.net',
      to: [
        {
          address: '"../../a b"@example.org',
          notify: ['failure'],
          orcpt: { type: 'rfc822', address: '../x\r\n@example.com' },
        },
        { address: 'bob@example.org' },
      ],
      size: MESSAGE.length,
      object: eml,
      smtputf8: true,
      client: { address: '192.0.2.1', helo: 'client.test.example' },
      listener: 'test',
      server: 'mx.test.example',
    });
  });

  it('has its envelope before it can be seen', async () => {
    const at = await start();
    await send(at);
    expect(at.store.calls.map((call) => call.replace(/ .*\./, ' '))).toEqual(['PutObject json', 'PutObject eml']);
  });

  it('has its envelope within it, if that is wanted, and as many recipients as fit', async () => {
    for (const small of [{}, { partSize: 10 }]) {
      const at = await start({ envelope: 'metadata' }, small);
      const to = Array.from({ length: 200 }, (_, i) => `"a  ${i}"@example.org`);
      const { taken, refused, outcomes } = await deliver(at.strategy, to, MESSAGE, { envelope: { reversePath: null } });
      expect(taken.length).toBeGreaterThan(20);
      expect([...refused.values()].map(String)).toEqual(
        to.slice(taken.length).map(() => '452 4.5.3 too many recipients for one message here, send it to these first'),
      );
      expect(outcomes.map(({ reply }) => reply.code)).toEqual(taken.map(() => 250));
      const [stored] = at.store.objects.values();
      expect(at.store.objects.size).toBe(1);
      const said = String(stored?.headers['x-amz-meta-mailverb-envelope']);
      expect(said.length + 'x-amz-meta-mailverb-envelope'.length).toBeLessThanOrEqual(2048);
      expect(JSON.parse(said)).toMatchObject({
        from: null,
        to: to.slice(0, taken.length).map((address) => ({ address })),
      });
    }
  });
});

describe('options', () => {
  it.each([
    ['{id}', 'expected {random} in it'],
    ['{random}/{sender}', 'unknown placeholder {sender}'],
    ['/{random}', 'expected a relative path'],
    ['a//{random}', 'expected a relative path'],
    ['../{random}', 'expected a relative path'],
    ['a b{random}', 'expected letters, digits'],
    ['{random}{', 'expected letters, digits'],
    ['{random}?x', 'expected letters, digits'],
    [`${'x'.repeat(700)}{random}`, 'expected up to 700 characters'],
  ])('the key may not be %j', (key, words) => {
    const { error } = s3Options.safeParse({ bucket: 'mail', key });
    expect(error?.issues.map(({ message }) => message)).toEqual([expect.stringContaining(words)]);
  });

  it.each([
    [{ bucket: '../x' }],
    [{ bucket: 'a' }],
    [{ region: 'eu/x' }],
    [{ endpoint: 'ftp://x' }],
    [{ partSize: '4MiB' }],
    [{ encryption: { kind: 'AES256', keyId: 'x' } }],
    [{ storageClass: 'FAST' }],
    [{ words: 'x' }],
  ])('refuse %j', (options) => {
    expect(s3Options.safeParse({ bucket: 'mail', ...options }).success).toBe(false);
  });
});
