/** What a script says of one moment: which answer, which fault. */
import type { PeerAnswer, PeerFault, PeerMoment, PeerReplies, PeerReply, PeerStep } from './peer-options.js';
import type { PeerCut, PeerLimit } from './peer-wire.js';

/** Faults that are spent when they have happened often enough. */
export class PeerFaults {
  /** Resolves when something has gone wrong. */
  readonly happened: Promise<void>;
  private announce: () => void = () => undefined;
  private readonly left: { readonly fault: PeerFault; times: number }[];

  constructor(faults: PeerFault | readonly PeerFault[] | undefined) {
    this.happened = new Promise((resolve) => {
      this.announce = resolve;
    });
    this.left = listOf(faults).map((fault) => ({ fault, times: fault.times ?? Infinity }));
  }

  /** What goes wrong at this step; counted. */
  at(step: PeerStep, connection: number): PeerFault['what'] | undefined {
    return this.find(connection, ({ at }) => at === step)?.what;
  }

  /** After how many octets this connection is cut. */
  limit(direction: 'received' | 'sent', connection: number): PeerLimit | undefined {
    let octets = 0;
    const fault = this.find(connection, ({ at }) => {
      if (typeof at === 'string') return false;
      const count =
        direction === 'received' ? ('received' in at ? at.received : undefined) : 'sent' in at ? at.sent : undefined;
      octets = count ?? octets;
      return count !== undefined;
    });
    return fault === undefined ? undefined : { octets, cut: cutOf(fault) };
  }

  private find(connection: number, is: (fault: PeerFault) => boolean): PeerFault | undefined {
    const found = this.left.find(
      ({ fault, times }) => times > 0 && (fault.connection ?? connection) === connection && is(fault),
    );
    if (found === undefined) return undefined;
    found.times -= 1;
    this.announce();
    return found.fault;
  }
}

function listOf(faults: PeerFault | readonly PeerFault[] | undefined): readonly PeerFault[] {
  if (faults === undefined) return [];
  return 'what' in faults ? [faults] : faults;
}

function cutOf({ what }: PeerFault): PeerCut {
  if (what === 'close' || what === 'reset') return what;
  throw new Error('where octets are counted a connection can be closed or reset');
}

/** What a script answers; undefined: as usual. */
export function scripted(
  replies: PeerReplies,
  step: keyof PeerReplies,
  argument: string,
  moment: PeerMoment,
): readonly string[] | undefined {
  const written: PeerReply | undefined = replies[step];
  const said = typeof written === 'function' ? written(argument, moment) : written;
  return said === undefined ? undefined : linesOf(said);
}

export function linesOf(answer: PeerAnswer): readonly string[] {
  return typeof answer === 'string' ? [answer] : answer;
}

/** The code of a reply, 0 if it has none. */
export function codeOf(lines: readonly string[]): number {
  const found = /^\d{3}/.exec(lines.at(-1) ?? '');
  return found === null ? 0 : Number(found[0]);
}
