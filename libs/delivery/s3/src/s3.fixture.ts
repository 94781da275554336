/**
 * A store that speaks as much of S3 as is needed, in this process, for the specs: objects and uploads in memory, checksums compared, signatures looked at
 * but not verified; and whatever a test wants to go wrong.
 */
import { FakeClock, recordingLogger, type LogLine } from '@mailverb/testing';
import type { Alarm } from '@mailverb/contract';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { PAUSE_MS } from './object-store.js';
import { S3Delivery, s3Options, type S3Options, type S3OptionsInput } from './index.js';

/** What is done to a request: an error of S3, or something worse. */
export type Fault =
  | { readonly status: number; readonly code: string }
  /** Done as it should be, and then no answer but a reset. */
  | 'done-and-reset'
  | 'reset'
  /** No answer, for ever. */
  | 'silence'
  /** 200, by something that is no store. */
  | 'nonsense';

/** What a test may look at, or spoil. */
export interface Request {
  readonly operation: string;
  readonly key: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Stored {
  readonly bytes: Buffer;
  readonly headers: IncomingHttpHeaders;
}

const OPERATIONS: Readonly<Record<string, (query: URLSearchParams) => string | undefined>> = {
  PUT: (query) => (query.has('partNumber') ? 'UploadPart' : 'PutObject'),
  POST: (query) => (query.has('uploads') ? 'CreateMultipartUpload' : 'CompleteMultipartUpload'),
  DELETE: (query) => (query.has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject'),
  HEAD: () => 'HeadBucket',
};

const SIGNED =
  /^AWS4-HMAC-SHA256 Credential=AKTEST\/\d{8}\/eu-test-1\/s3\/aws4_request, SignedHeaders=[a-z0-9;-]+, Signature=[0-9a-f]{64}$/;

/** See above. */
export class FakeStore {
  readonly objects = new Map<string, Stored>();
  readonly uploads = new Map<
    string,
    { readonly key: string; readonly headers: IncomingHttpHeaders; readonly parts: Map<number, Buffer> }
  >();
  readonly requests: Request[] = [];
  /** Asked for each request. */
  fault: (request: Request) => Fault | undefined = () => undefined;
  /** Smaller parts, but the last, are refused. */
  leastPart = 0;
  private ids = 0;

  private constructor(private readonly server: Server) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.serve(request, response).catch(() => request.socket.destroy());
    });
  }

  static async start(): Promise<FakeStore> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FakeStore(server);
  }

  get endpoint(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** `PutObject a.json`, in order. */
  get calls(): string[] {
    return this.requests.map(({ operation, key }) => `${operation} ${key}`);
  }

  /** Messages that somebody who knows the rules can see. */
  async stored(): Promise<Buffer[]> {
    return [...this.objects].filter(([key]) => key.endsWith('.eml')).map(([, { bytes }]) => bytes);
  }

  /** What should not be there: uploads, envelopes without a message. */
  leftovers(): string[] {
    const orphans = [...this.objects.keys()].filter((key) => !this.objects.has(key.replace(/\.json$/, '.eml')));
    return [...orphans, ...[...this.uploads].map(([id, { key }]) => `upload ${id} of ${key}`)];
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://store');
    const [, bucket, ...rest] = pathname.split('/');
    const operation = OPERATIONS[request.method ?? '']?.(searchParams) ?? 'unknown';
    const seen = { operation, key: decodeURIComponent(rest.join('/')), headers: request.headers, body };
    this.requests.push(seen);
    const fault = this.fault(seen);
    if (fault === 'silence') return;
    if (fault === 'reset') return void request.socket.destroy();
    if (fault === 'nonsense') return void response.end('<html>Welcome to this hotel</html>');
    if (fault === 'done-and-reset') {
      this.perform(seen, searchParams);
      return void request.socket.destroy();
    }
    const wrong = fault ?? (bucket === 'mail' ? problemOf(seen) : { status: 404, code: 'NoSuchBucket' });
    const answer = wrong === undefined ? this.perform(seen, searchParams) : wrong;
    if ('code' in answer) {
      const xml = `<Error><Code>${answer.code}</Code><Message>as the test wants it</Message></Error>`;
      response
        .writeHead(answer.status, { 'content-type': 'application/xml' })
        .end(request.method === 'HEAD' ? '' : xml);
      return;
    }
    response.writeHead(answer.status ?? 200, answer.headers).end(answer.xml);
  }

  private perform({ operation, key, headers, body }: Request, query: URLSearchParams): Answer {
    const id = query.get('uploadId') ?? '';
    const upload = this.uploads.get(id);
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    switch (operation) {
      case 'HeadBucket':
        return {};
      case 'PutObject':
        this.objects.set(key, { bytes: body, headers });
        return { headers: { etag } };
      case 'DeleteObject':
        this.objects.delete(key);
        return { status: 204 };
      case 'CreateMultipartUpload': {
        this.ids += 1;
        this.uploads.set(`U${this.ids}`, { key, headers, parts: new Map() });
        return {
          xml: `<InitiateMultipartUploadResult><UploadId>U${this.ids}</UploadId></InitiateMultipartUploadResult>`,
        };
      }
      default:
    }
    if (upload === undefined || upload.key !== key) return { status: 404, code: 'NoSuchUpload' };
    if (operation === 'UploadPart') {
      upload.parts.set(Number(query.get('partNumber')), body);
      return { headers: { etag } };
    }
    this.uploads.delete(id);
    if (operation === 'AbortMultipartUpload') return { status: 204 };
    const numbers = [...String(body).matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, number]) => Number(number));
    const parts = numbers.map((number) => upload.parts.get(number) ?? Buffer.alloc(0));
    if (parts.slice(0, -1).some((part) => part.length < this.leastPart)) return { status: 400, code: 'EntityTooSmall' };
    this.objects.set(key, { bytes: Buffer.concat(parts), headers: upload.headers });
    return { xml: '<CompleteMultipartUploadResult><ETag>"x-2"</ETag></CompleteMultipartUploadResult>' };
  }
}

type Answer =
  | { readonly status: number; readonly code: string }
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly xml?: string };

function problemOf({
  headers,
  body,
  operation,
}: Request): { readonly status: number; readonly code: string } | undefined {
  const sha256 = (encoding: 'hex' | 'base64'): string => createHash('sha256').update(body).digest(encoding);
  if (!SIGNED.test(headers.authorization ?? '')) return { status: 403, code: 'AccessDenied' };
  if (headers['x-amz-content-sha256'] !== sha256('hex')) return { status: 400, code: 'XAmzContentSHA256Mismatch' };
  if (operation !== 'PutObject' && operation !== 'UploadPart') return undefined;
  if (Number(headers['content-length']) !== body.length) return { status: 411, code: 'MissingContentLength' };
  const md5 = headers['content-md5'];
  const checksum = headers['x-amz-checksum-sha256'];
  if (md5 === undefined && checksum === undefined) return { status: 400, code: 'InvalidRequest' };
  if (md5 !== undefined && md5 !== createHash('md5').update(body).digest('base64'))
    return { status: 400, code: 'BadDigest' };
  if (checksum !== undefined && checksum !== sha256('base64')) return { status: 400, code: 'BadDigest' };
  return undefined;
}

/** Time stands still, but pauses between attempts are over at once: the network of a test takes real time. */
class PatientClock extends FakeClock {
  override after(ms: number, callback: () => void): Alarm {
    const alarm = super.after(ms, callback);
    if (ms !== PAUSE_MS) return alarm;
    const soon = setImmediate(() => {
      alarm.cancel();
      callback();
    });
    return {
      cancel: () => {
        clearImmediate(soon);
        alarm.cancel();
      },
    };
  }
}

export const SECRET = 'a-secret-access-key';

export type Scene = Awaited<ReturnType<typeof scene>>;

/** A strategy and its store. @param small parts smaller than a configuration may have, so that short messages need several. */
export async function scene(options: Partial<S3OptionsInput> = {}, small: Partial<S3Options> = {}) {
  const store = await FakeStore.start();
  const clock = new PatientClock();
  const log: LogLine[] = [];
  const parsed = s3Options.parse({
    bucket: 'mail',
    endpoint: store.endpoint,
    region: 'eu-test-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'AKTEST', secretAccessKey: SECRET },
    ...options,
  });
  const strategy = new S3Delivery({ ...parsed, ...small }, clock, recordingLogger(log));
  store.leastPart = small.partSize ?? 0;
  return {
    strategy,
    store,
    clock,
    log,
    stored: () => store.stored(),
    leftovers: async () => store.leftovers(),
    cleanup: async () => {
      strategy.stop();
      await store.stop();
    },
  };
}
