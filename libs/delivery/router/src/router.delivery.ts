/**
 * Sends recipients different ways: by address, domain, identity or listener.
 *
 * A message whose recipients go different ways is split. Each way is a transaction of its own, so what fails on one costs its own
 * recipients a 4xx and never the others. A message that goes one way is passed straight on, and costs one object.
 */
import {
  BodyAborted,
  Logger,
  Options,
  isPromise,
  leastDurable,
  type Body,
  type DeliveryContext,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Durability,
  type Envelope,
  type MaybePromise,
  type Outcome,
  type Recipient,
  type Session,
} from '@mailverb/contract';
import { DeliveryPart, PART_FAILED, drain, fanOut, refusalOf, type Composed } from '@mailverb/body';
import { reply, type Reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import type { Route, RouterOptions } from './router.options.js';

const NO_ROUTE = reply(550, '5.7.1', 'no delivery for this recipient');

/** Gives each recipient to the first route that matches it. */
@injectable()
export class RouterDelivery implements DeliveryStrategy {
  readonly durability: Durability;
  readonly wholeMessage: boolean;
  private readonly routes: readonly Route[];

  constructor(
    @inject(Options) { routes }: RouterOptions,
    @inject(Logger) private readonly logger: Logger,
  ) {
    this.routes = routes;
    this.durability = leastDurable(routes.map(({ to }) => to.durability));
    this.wholeMessage = routes.some(({ to }) => to.wholeMessage === true);
  }

  begin(envelope: Envelope, session: Session, context: DeliveryContext): DeliveryTransaction {
    return new RouterTransaction(this, { envelope, session, context });
  }

  /** The first route that matches. */
  route(recipient: Recipient, session: Session): Route | undefined {
    return this.routes.find((route) => matches(route, recipient, session));
  }

  /** A way of one transaction. */
  part(route: Route, composed: Composed): DeliveryPart {
    return new DeliveryPart(route.to, composed, (error, step) => {
      // That the client has gone is no fault of the strategy.
      if (!(error instanceof BodyAborted)) {
        const fields = { error, step, transaction: composed.envelope.id, route: this.routes.indexOf(route) };
        this.logger.error(fields, 'router: a delivery failed');
      }
      return refusalOf(error, PART_FAILED);
    });
  }
}

class RouterTransaction implements DeliveryTransaction {
  /** A way for each route that somebody goes. */
  private readonly parts = new Map<Route, DeliveryPart>();
  private readonly taken: Recipient[] = [];
  private aborted = false;

  constructor(
    private readonly router: RouterDelivery,
    private readonly composed: Composed,
  ) {}

  recipient(recipient: Recipient): MaybePromise<Reply | undefined> {
    // Or a way would be begun that nobody ends.
    if (this.aborted) return PART_FAILED;
    const route = this.router.route(recipient, this.composed.session);
    if (route === undefined) return NO_ROUTE;
    let part = this.parts.get(route);
    if (part === undefined) {
      part = this.router.part(route, this.composed);
      this.parts.set(route, part);
    }
    const answer = part.offer(recipient);
    return isPromise(answer) ? answer.then((settled) => this.note(recipient, settled)) : this.note(recipient, answer);
  }

  body(body: Body): MaybePromise<void> {
    this.expectOpen();
    const unused = this.dropUnused();
    if (isPromise(unused)) return unused.then(() => this.send(body));
    return this.send(body);
  }

  commit(): MaybePromise<readonly Outcome[]> {
    this.expectOpen();
    return this.only?.commit() ?? this.commitAll();
  }

  async abort(reason: string): Promise<void> {
    this.aborted = true;
    await Promise.all([...this.parts.values()].map((part) => part.abort(reason)));
  }

  /** The way of a message that goes one way: it answers, and throws, for itself. */
  private get only(): DeliveryTransaction | undefined {
    if (this.parts.size !== 1) return undefined;
    const [part] = this.parts.values();
    return part?.transaction;
  }

  private expectOpen(): void {
    if (this.aborted) throw new BodyAborted('the transaction was aborted');
  }

  private note(recipient: Recipient, answer: Reply | undefined): Reply | undefined {
    if (answer === undefined || answer.positive) this.taken.push(recipient);
    return answer;
  }

  /** Ends the ways on which every recipient was refused: there is nothing to send on them. */
  private dropUnused(): MaybePromise<unknown> {
    const dropped: PromiseLike<void>[] = [];
    for (const [route, part] of this.parts) {
      if (part.taken.length > 0) continue;
      this.parts.delete(route);
      const aborted = part.abort('no recipient');
      if (isPromise(aborted)) dropped.push(aborted);
    }
    return dropped.length === 0 ? undefined : Promise.all(dropped);
  }

  private send(body: Body): MaybePromise<void> {
    this.expectOpen();
    const { only } = this;
    return only === undefined ? this.sendAll(body) : only.body(body);
  }

  private async sendAll(body: Body): Promise<void> {
    const parts = [...this.parts.values()];
    // One more reader than ways, where the message is still coming: so it is read to its end even if all of them fail, and an error
    // of the message itself (the client has gone) is told from theirs.
    const branches = fanOut(body, parts.length + (body.held === undefined ? 1 : 0));
    const sent = parts.map((part, i) => {
      const branch = branches[i];
      return branch === undefined ? undefined : part.send(branch);
    });
    const own = branches[parts.length];
    if (own !== undefined) await drain(own);
    await Promise.all(sent);
  }

  private async commitAll(): Promise<readonly Outcome[]> {
    const replies = await Promise.all([...this.parts.values()].map((part) => part.commit()));
    return this.taken.map((recipient) => ({
      recipient,
      reply: replies.find((of) => of.has(recipient))?.get(recipient) ?? PART_FAILED,
    }));
  }
}

function matches(
  { recipients, domains, identities, listeners }: Route,
  recipient: Recipient,
  session: Session,
): boolean {
  const { mailbox } = recipient;
  if (recipients !== undefined && !recipients.has(mailbox)) return false;
  // `<Postmaster>` without a domain is this server's own (RFC 5321 4.5.1).
  if (domains !== undefined && !domains.has(mailbox.domain || session.listener.hostname)) return false;
  if (identities !== undefined && !identities.has(session.identity?.name ?? '')) return false;
  return listeners === undefined || listeners.has(session.listener.name);
}
