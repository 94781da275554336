/** Which server is behind, where a table says so: by who receives, who sends, who has logged in, from where, or on which listener. */
import {
  isPromise,
  type Clock,
  type Lifecycle,
  type Logger,
  type MaybePromise,
  type Recipient,
  type Session,
} from '@mailverb/contract';
import { ADDRESSES, NONE, TEXTS, openLookup, type Lookup, type LookupAnswer } from '@mailverb/lookup';
import { reply, type Mailbox, type Reply, type ReversePath } from '@mailverb/protocol';
import { placeSchema, type Place } from './place.js';
import type { ProxyOptions } from './smtp.options.js';

type Choose = NonNullable<ProxyOptions['choose']>;

/** What can be looked up. */
export interface Question {
  readonly session: Session;
  readonly reversePath: ReversePath;
  readonly recipient: Recipient;
}

const NOT_NOW = reply(451, '4.3.0', 'local error, try again later');

/** A table of servers. */
export class Choice implements Lifecycle {
  private readonly find: (question: Question) => MaybePromise<LookupAnswer<Place>>;
  private readonly table: Lifecycle;

  constructor({ by, table }: Choose, clock: Clock, logger: Logger) {
    const services = { value: placeSchema, what: 'proxy: the servers behind', clock, logger };
    if (by === 'recipient' || by === 'sender') {
      const lookup: Lookup<Mailbox, Place> = openLookup(table, { ...services, form: ADDRESSES });
      this.table = lookup;
      this.find = ({ recipient, reversePath }) => {
        const mailbox = by === 'recipient' ? recipient.mailbox : reversePath;
        // `<>` is nobody's address, and so in no table.
        return mailbox === null ? NONE : lookup.find(mailbox);
      };
    } else {
      const lookup: Lookup<string, Place> = openLookup(table, { ...services, form: TEXTS });
      this.table = lookup;
      this.find = ({ session }) => lookup.find(keyOf(by, session));
    }
  }

  start(): MaybePromise<void> {
    return this.table.start?.();
  }

  stop(): MaybePromise<void> {
    return this.table.stop?.();
  }

  /** The server; undefined if the table does not know, or a reply if it can't tell (attack A26). */
  of(question: Question): MaybePromise<Place | Reply | undefined> {
    const answer = this.find(question);
    return isPromise(answer) ? answer.then(placeIn) : placeIn(answer);
  }
}

function placeIn(answer: LookupAnswer<Place>): Place | Reply | undefined {
  if (answer.kind === 'found') return answer.value;
  return answer.kind === 'none' ? undefined : NOT_NOW;
}

function keyOf(by: 'identity' | 'client' | 'listener', session: Session): string {
  switch (by) {
    case 'identity':
      return session.identity?.name ?? '';
    case 'client':
      return session.remoteAddress;
    case 'listener':
      return session.listener.name;
  }
}
