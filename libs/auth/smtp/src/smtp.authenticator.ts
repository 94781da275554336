/**
 * smtp: identities from another mail server, which is asked by logging in there with what the client has said. Its 235 is a yes, its 535 a no; whatever else
 * happens can't tell (attack A26). Passwords only: a server does not say whose a token is.
 */
import {
  Clock,
  Listener,
  Logger,
  Options,
  type Authenticator,
  type Lifecycle,
  type ListenerInfo,
  type Session,
} from '@mailverb/contract';
import { ClientError, sealCredentials } from '@mailverb/client';
import { NextHops } from '@mailverb/next-hop';
import { inject, injectable } from 'tsyringe';
import type { SmtpOptions } from './smtp.options.js';

/** RFC 4954 6, and what older servers say. */
const WRONG: ReadonlySet<number> = new Set([535, 530, 550]);

/** The authenticator smtp. */
@injectable()
export class SmtpAuthenticator implements Authenticator, Lifecycle {
  private readonly hops: NextHops;

  constructor(
    @inject(Options) private readonly options: SmtpOptions,
    @inject(Listener) private readonly listener: ListenerInfo,
    @inject(Clock) clock: Clock,
    @inject(Logger) private readonly logger: Logger,
  ) {
    this.hops = new NextHops({ ...options, chunking: true }, { protocol: 'smtp' }, clock);
  }

  start(): Promise<void> {
    return this.hops.start();
  }

  stop(): Promise<void> {
    return this.hops.stop();
  }

  async password(name: string, password: string, session: Session): Promise<string | undefined> {
    const { host, port, keep, allowPlaintext } = this.options;
    const hop = this.hops.at({ host, port }, this.listener.hostname);
    try {
      const connection = await hop.connectAs(sealCredentials({ username: name, password }), allowPlaintext);
      if (keep) hop.keepFor(session, connection);
      else void connection.quit();
      return name;
    } catch (error) {
      if (error instanceof ClientError && WRONG.has(error.reply?.code ?? 0) && error.fault === 'auth') return undefined;
      const why = error instanceof Error ? error.message : 'failed';
      this.logger.error({ hop: hop.name, why }, 'the server that knows identities gave no answer');
      throw error;
    }
  }
}
