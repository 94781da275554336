/**
 * Sends recipients different ways: by address, domain, pattern, sender, identity, listener, network, a table; and by what the message is.
 *
 * A message whose recipients go different ways is split. Each way is a transaction of its own, so what fails on one costs its own
 * recipients a 4xx and never the others. A message that goes one way is passed straight on, and costs one object.
 *
 * Where the way of a recipient depends on the message it is taken at RCPT, and its way is asked when the header section has come (or the whole
 * message, where a route asks for its size). What that way says is then this recipient's outcome. Recipients of whom the
 * envelope tells enough are offered to their way at RCPT, also beside such routes.
 */
import {
  BodyAborted,
  Clock,
  Logger,
  Options,
  SmtpError,
  isPromise,
  type Body,
  type DeliveryContext,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Durability,
  type Envelope,
  type Lifecycle,
  type MaybePromise,
  type Recipient,
  type Session,
} from '@mailverb/contract';
import {
  PART_FAILED,
  SplitTransaction,
  passOn,
  refusalOf,
  type MessageFacts,
  type OnFault,
  type Splitting,
  type Undecided,
  type Way,
} from '@mailverb/body';
import { ADDRESSES, DOMAINS, openLookup, type Lookup, type LookupAnswer } from '@mailverb/lookup';
import { parseMailbox, reply, type Mailbox, type Reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import { z } from 'zod';
import { asksMessage, asksSize, matchesEnvelope, matchesMessage } from './conditions.js';
import type { Route, RouterOptions } from './router.options.js';

const NO_ROUTE = reply(550, '5.7.1', 'no delivery for this recipient');
const NO_ANSWER = reply(451, '4.3.0', 'the way of this recipient can not be told now, try again later');

/** Gives each recipient to the first route that matches it. */
@injectable()
export class RouterDelivery implements DeliveryStrategy, Lifecycle {
  readonly durability: Durability;
  readonly wholeMessage: boolean;
  readonly offers: DeliveryStrategy['offers'];
  readonly sessionClosed: DeliveryStrategy['sessionClosed'];
  private readonly asksSize: boolean;
  private readonly ways: ReadonlyMap<Route, Way>;
  private readonly table: Lookup<Mailbox, string> | undefined;

  constructor(
    @inject(Options) private readonly options: RouterOptions,
    @inject(Logger) private readonly logger: Logger,
    @inject(Clock) clock: Clock,
  ) {
    const { routes } = options;
    const passed = passOn(routes.map(({ to }) => to));
    this.durability = passed.durability;
    this.asksSize = routes.some(asksSize);
    this.wholeMessage = passed.wholeMessage || this.asksSize;
    this.offers = passed.offers;
    this.sessionClosed = passed.sessionClosed;
    this.ways = new Map(routes.map((route, i) => [route, { key: i, strategy: route.to }]));
    this.table = tableOf(options, { clock, logger });
  }

  start(): MaybePromise<void> {
    return this.table?.start?.();
  }

  stop(): MaybePromise<void> {
    return this.table?.stop?.();
  }

  begin(envelope: Envelope, session: Session, context: DeliveryContext): DeliveryTransaction {
    const splitting: Splitting = {
      choose: (recipient) => this.choose(recipient, envelope, session),
      fault: (way, ...what) => this.fault(way, envelope, ...what),
      maxHeader: this.options.maxHeader,
    };
    const composed = { envelope, session, context };
    return this.asksSize ? new HeldTransaction(splitting, composed) : new SplitTransaction(splitting, composed);
  }

  private choose(recipient: Recipient, envelope: Envelope, session: Session): MaybePromise<Way | Reply | Undecided> {
    const { routes: all } = this.options;
    const at = all.findIndex((route) => matchesEnvelope(route, recipient, envelope, session));
    const first = all[at];
    if (first === undefined) return NO_ROUTE;
    if (first.name === undefined && !asksMessage(first)) return this.wayOf(first);
    const routes = all.slice(at).filter((route) => matchesEnvelope(route, recipient, envelope, session));
    // The table is only asked where its answer matters: not behind a route that takes the recipient anyhow.
    const asked = routes.findIndex(({ name }) => name !== undefined);
    const certain = routes.findIndex((route) => !asksMessage(route));
    if (this.table === undefined || asked === -1 || (certain !== -1 && certain < asked)) return this.among(routes);
    const answer = this.table.find(withDomain(recipient.mailbox, session));
    const settle = (found: LookupAnswer<string>) => {
      if (found.kind === 'failed') return NO_ANSWER;
      const name = found.kind === 'found' ? found.value : undefined;
      return this.among(routes.filter((route) => route.name === undefined || route.name === name));
    };
    return isPromise(answer) ? answer.then(settle) : settle(answer);
  }

  /** The first of the routes whose envelope matches, or a decision that waits for the message. */
  private among(routes: readonly Route[]): Way | Reply | Undecided {
    const [first] = routes;
    if (first === undefined) return NO_ROUTE;
    if (!asksMessage(first)) return this.wayOf(first);
    return {
      decide: (facts: MessageFacts) => {
        const route = routes.find((one) => matchesMessage(one, facts));
        return route === undefined ? NO_ROUTE : this.wayOf(route);
      },
    };
  }

  private wayOf(route: Route): Way {
    const way = this.ways.get(route);
    if (way === undefined) throw new SmtpError(PART_FAILED, 'router: a route without a way');
    return way;
  }

  private fault(way: Way, envelope: Envelope, ...[error, step]: Parameters<OnFault>): Reply {
    // That the client has gone is no fault of the strategy.
    if (!(error instanceof BodyAborted)) {
      this.logger.error({ error, step, transaction: envelope.id, route: way.key }, 'router: a delivery failed');
    }
    return refusalOf(error, PART_FAILED);
  }
}

/** Routes that ask for the size of a message need it whole: of one that is still coming they would tell a wrong way. */
class HeldTransaction extends SplitTransaction {
  override body(body: Body): MaybePromise<void> {
    if (body.held === undefined) throw new Error('router was given a body that is not held');
    return super.body(body);
  }
}

/** `<Postmaster>` without a domain is this server's own. */
function withDomain(mailbox: Mailbox, { listener }: Session): Mailbox {
  if (mailbox.domain !== '') return mailbox;
  return parseMailbox(`${mailbox.local}@${listener.hostname}`) ?? mailbox;
}

function tableOf(
  { lookup, domainLookup, routes }: RouterOptions,
  services: { readonly clock: Clock; readonly logger: Logger },
): Lookup<Mailbox, string> | undefined {
  const names = new Set(routes.map(({ name }) => name));
  const value = z.string().refine((name) => names.has(name), 'there is no route of that name');
  if (lookup !== undefined) {
    return openLookup(lookup, { form: ADDRESSES, value, what: 'router: the table of routes', ...services });
  }
  if (domainLookup === undefined) return undefined;
  const table = openLookup(domainLookup, { form: DOMAINS, value, what: 'router: the table of routes', ...services });
  return {
    find: ({ domain }) => table.find(domain),
    start: () => table.start?.(),
    stop: () => table.stop?.(),
  };
}
