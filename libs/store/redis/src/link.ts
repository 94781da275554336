/**
 * The connection to Redis: one, that is opened anew whenever it is lost, for as long as it takes. Nothing waits for it: while it is not there, every
 * command rejects at once. What does not answer in time is given up, and so is the connection, as an answer that comes later is nobody's.
 */
import { readFileSync } from 'node:fs';
import type { Alarm, Clock, Logger } from '@mailverb/contract';
import { RESP_TYPES, createClient } from '@redis/client';
import type { RedisOptions } from './redis.options.js';

/** What a command is made of. */
export type Words = readonly (string | Buffer)[];

/** From one try to connect to the next. */
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;
const MOST_DOUBLINGS = 10;
/** A connection of which nothing is heard is lost, though nobody has said so. */
const PING_MS = 10_000;
const SILENCE_MS = 30_000;
/** Commands under way at once: more than that are refused, and memory is bounded. */
const MOST_COMMANDS = 20_000;

type Client = ReturnType<typeof connectionOf>;
type Settings = Omit<RedisOptions, 'prefix'>;

/** The connection, and what is to be known about it. */
export class Link {
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** The last one; it rejects everything once it is lost, until there is another. */
  #client: Client | undefined;
  #retry: Alarm | undefined;
  #retries = 0;
  /** What was wrong, as it was logged; undefined while all is well. */
  #trouble: string | undefined;

  constructor(settings: Settings, clock: Clock, logger: Logger) {
    this.#settings = settings;
    this.#clock = clock;
    this.#logger = logger;
  }

  get isOpen(): boolean {
    return this.#client !== undefined;
  }

  /** Opens it, and waits until it is there, or has failed once: then it goes on trying by itself. @throws if a file can't be read. */
  async open(): Promise<void> {
    const client = this.#connect();
    await new Promise<void>((resolve) => {
      const alarm = this.#clock.after(this.#settings.timeout, () => {
        this.#lost(client, 'no answer in time');
        resolve();
      });
      const settled = (): void => {
        alarm.cancel();
        resolve();
      };
      client.once('ready', settled).once('error', settled);
    });
  }

  /** Ends it. Whatever is under way rejects. */
  close(): void {
    const client = this.#client;
    this.#client = undefined;
    this.#retry?.cancel();
    this.#retry = undefined;
    client?.destroy();
  }

  /**
   * Does something within the time that an operation may take. `ask` sends a command, and refuses to once the time is up.
   * @throws (rejects) with what is wrong, in words without a secret.
   */
  async within<T>(work: (ask: (...words: Words) => Promise<unknown>) => Promise<T>): Promise<T> {
    const client = this.#client;
    if (client === undefined) throw new Error('the store is not open');
    let alarm: Alarm | undefined;
    let isOver = false;
    const tooLate = new Promise<never>((_, reject) => {
      alarm = this.#clock.after(this.#settings.timeout, () => {
        isOver = true;
        reject(new Error('redis: no answer in time'));
        // Its answers would be taken for those to other questions.
        this.#lost(client, 'no answer in time');
      });
    });
    const ask = (...words: Words): Promise<unknown> =>
      isOver ? Promise.reject(new Error('redis: no answer in time')) : this.#send(client, words);
    try {
      return await Promise.race([work(ask), tooLate]);
    } finally {
      isOver = true;
      alarm?.cancel();
    }
  }

  async #send(client: Client, words: Words): Promise<unknown> {
    try {
      return await client.sendCommand(words);
    } catch (error) {
      throw new Error(`redis: ${this.#reasonOf(error)}`);
    }
  }

  #connect(): Client {
    const client = connectionOf(this.#settings);
    this.#client = client;
    client.on('error', (error: unknown) => this.#lost(client, this.#reasonOf(error)));
    client.on('ready', () => {
      this.#retries = 0;
      if (this.#client === client) this.#tell(undefined);
    });
    // What it rejects with was an event too.
    client.connect().catch(() => undefined);
    return client;
  }

  /** Tries again, later each time. Each try is a client of its own: what one was asked, and has not answered, is no business of the next. */
  #lost(client: Client, trouble: string): void {
    if (this.#client !== client) return;
    client.destroy();
    this.#tell(trouble);
    this.#retry ??= this.#clock.after(Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#retries), () => {
      this.#retry = undefined;
      this.#retries = Math.min(this.#retries + 1, MOST_DOUBLINGS);
      try {
        this.#connect();
      } catch (error) {
        // A file of TLS that was there at the start.
        this.#lost(client, this.#reasonOf(error));
      }
    });
  }

  /** Once for each trouble, and not for each try. */
  #tell(trouble: string | undefined): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    if (trouble === undefined) this.#logger.info({}, 'redis: connected');
    else this.#logger.warn({ reason: trouble }, 'redis: not to be had; whoever needs the store is deferred');
  }

  /**
   * What is wrong, in a line. Redis repeats what it does not understand, and what it was told may be the password.
   */
  #reasonOf(error: unknown): string {
    const { password } = this.#settings;
    const message = messagesOf(error);
    const [known = ''] = message.split(/,? with args beginning with|\n/, 1);
    return password === undefined ? known : known.replaceAll(password, '***');
  }
}

/** An error of several addresses has its words in those of each. */
function messagesOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messagesOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

function connectionOf({ host = '127.0.0.1', port = 6379, path, tls, timeout, ...login }: Settings) {
  const common = {
    connectTimeout: timeout,
    socketTimeout: SILENCE_MS,
    // It would wait by timers of its own, which keep a process that is done.
    reconnectStrategy: false as const,
  };
  return createClient({
    RESP: 2,
    socket:
      path !== undefined
        ? { ...common, path, tls: false }
        : tls === false
          ? { ...common, host, port }
          : { ...common, host, port, tls: true, ...tlsFiles(tls) },
    username: login.username,
    password: login.password,
    database: login.database,
    disableOfflineQueue: true,
    disableClientInfo: true,
    commandsQueueMaxLength: MOST_COMMANDS,
    maintNotifications: 'disabled',
    pingInterval: PING_MS,
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
}

function tlsFiles(tls: Exclude<RedisOptions['tls'], false>) {
  if (tls === true) return {};
  const read = (file: string | undefined): Buffer | undefined => (file === undefined ? undefined : readFileSync(file));
  const files = { ca: read(tls.ca), cert: read(tls.cert), key: read(tls.key) };
  // The host's name is taken where nothing is said; an address is checked, and not sent (RFC 6066 3).
  return tls.serverName === undefined ? files : { ...files, servername: tls.serverName };
}
