/** The load scenarios: what a client sends, and what CPU per message may cost against the raw responder. */

/**
 * How commands and mail data are put into writes.
 * - `serial`: one command, one reply.
 * - `group`: MAIL, RCPT and DATA in one write; the mail data once 354 has come (RFC 2920 3.1).
 * - `chain`: the mail data and the next message's MAIL, RCPT and DATA in one write, so each round trip is a whole message.
 */
export type Style = 'serial' | 'group' | 'chain';

/** What the driver needs to know of a scenario. */
export interface Load {
  readonly style: Style;
  /** Octets of mail data on the wire, without the line that ends it. */
  readonly size: number;
  /** True if every fourth line begins with a stuffed dot. */
  readonly dots: boolean;
  /** Messages of one connection. */
  readonly perConnection: number;
  /** True if the client begins TLS by STARTTLS first: a full handshake for each connection. */
  readonly tls?: boolean;
}

/** A load, its name, and the ratio to reach. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly load: Load;
  /** CPU per message against the raw responder: what is wanted, and above what it is a defect. */
  readonly target: number;
  readonly defect: number;
}

const KIB = 1024;

function scenario(
  name: string,
  title: string,
  load: Omit<Load, 'dots'> & { readonly dots?: boolean },
  target: number,
  defect: number,
): Scenario {
  return { name, title, load: { dots: false, ...load }, target, defect };
}

const many = { perConnection: 500 };

/** All scenarios, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  scenario('one-1k', '1 KiB, 1 per connection', { style: 'serial', size: KIB, perConnection: 1 }, 1.25, 1.6),
  scenario('one-10k', '10 KiB, 1 per connection', { style: 'serial', size: 10 * KIB, perConnection: 1 }, 1.25, 1.6),
  scenario('ten-1k', '1 KiB, 10 per connection, serial', { style: 'serial', size: KIB, perConnection: 10 }, 1.4, 1.6),
  scenario(
    'ten-10k',
    '10 KiB, 10 per connection, serial',
    { style: 'serial', size: 10 * KIB, perConnection: 10 },
    1.4,
    1.6,
  ),
  scenario('group-10k', '10 KiB, pipelined', { style: 'group', size: 10 * KIB, ...many }, 1.5, 2),
  scenario(
    'group-10k-dots',
    '10 KiB, pipelined, stuffed dots',
    { style: 'group', size: 10 * KIB, dots: true, ...many },
    1.5,
    2,
  ),
  scenario('chain-1k', '1 KiB, transactions pipelined', { style: 'chain', size: KIB, ...many }, 1.6, 2),
  scenario('data-100k', '100 KiB', { style: 'group', size: 100 * KIB, perConnection: 100 }, 1.3, 1.6),
  scenario('data-1m', '1 MiB', { style: 'group', size: KIB * KIB, perConnection: 20 }, 1.3, 1.6),
  scenario(
    'tls-one-10k',
    '10 KiB by STARTTLS, 1 per connection',
    { style: 'serial', size: 10 * KIB, perConnection: 1, tls: true },
    1.3,
    1.6,
  ),
  scenario(
    'tls-group-10k',
    '10 KiB by STARTTLS, pipelined',
    { style: 'group', size: 10 * KIB, ...many, tls: true },
    1.5,
    2,
  ),
  scenario(
    'data-1m-dots',
    '1 MiB, stuffed dots',
    { style: 'group', size: KIB * KIB, dots: true, perConnection: 20 },
    1.3,
    1.6,
  ),
];
