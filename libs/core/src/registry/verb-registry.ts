/** The verbs of a listener: who owns which, where it is legal, what HELP lists. Frozen before the first connection. */
import type { Session, Verb, VerbTable } from '@mailverb/contract';
import { PHASES, PHASE_TABLE, reply, type Phase, type Reply } from '@mailverb/protocol';

/** A verb with its owner. */
export interface RegisteredVerb {
  readonly verb: Verb;
  readonly owner: string;
  readonly endsBatch: boolean;
  /** `RCPT not now`, made once. */
  readonly outOfPhase: Reply;
  readonly phases: ReadonlySet<Phase>;
}

/** Verbs of RFC 5321 and its family: known to exist, so that the answer is "not implemented" and not "unknown". */
const KNOWN = new Set([
  // XCLIENT and XFORWARD do not exist for whoever may not use them (attack A16).
  ...Object.keys(PHASE_TABLE).filter((name) => !name.startsWith('X')),
  'ETRN',
  'TURN',
  'ATRN',
  'SEND',
  'SOML',
  'SAML',
  'BURL',
]);

const UNKNOWN = reply(500, '5.5.1', 'command unrecognized');
const NOT_IMPLEMENTED = reply(502, '5.5.1', 'command not implemented');

/** RFC 5321 4.5.1: without these it is no mail server. */
export const MANDATORY_VERBS: readonly string[] = [
  'EHLO',
  'HELO',
  'MAIL',
  'RCPT',
  'DATA',
  'RSET',
  'NOOP',
  'QUIT',
  'VRFY',
];

/** RFC 2033 4.1: LHLO in the place of HELO and EHLO. */
export const MANDATORY_LMTP_VERBS: readonly string[] = ['LHLO', 'MAIL', 'RCPT', 'DATA', 'RSET', 'NOOP', 'QUIT', 'VRFY'];

/** Name to verb. */
export class VerbRegistry implements VerbTable {
  private readonly verbs = new Map<string, RegisteredVerb>();

  /** Adds a verb; gives the owner whose claim stands in the way, if there is one and the verb does not say `override`. */
  add(verb: Verb, owner: string): string | undefined {
    const before = this.verbs.get(verb.name);
    if (before !== undefined && verb.override !== true) return before.owner;
    this.verbs.set(verb.name, {
      verb,
      owner,
      endsBatch: verb.endsBatch === true,
      phases: new Set(verb.phases),
      outOfPhase: reply(503, '5.5.1', outOfPhase(verb)),
    });
    return undefined;
  }

  get(name: string): RegisteredVerb | undefined {
    return this.verbs.get(name);
  }

  all(): readonly RegisteredVerb[] {
    return [...this.verbs.values()].sort((a, b) => (a.verb.name < b.verb.name ? -1 : 1));
  }

  list(session: Session): readonly { readonly name: string; readonly help: string | undefined }[] {
    const here = this.all().filter(({ verb }) => verb.available?.(session) !== false);
    return here.map(({ verb }) => ({ name: verb.name, help: verb.help }));
  }

  /** What to say to a verb that nobody owns. */
  unknown(name: string): Reply {
    return KNOWN.has(name) ? NOT_IMPLEMENTED : UNKNOWN;
  }
}

/** Says what is missing, for people who speak SMTP by hand. */
function outOfPhase(verb: Verb): string {
  const first = PHASES.find((phase) => verb.phases.includes(phase));
  const before: Partial<Record<Phase, string>> = {
    greeted: 'EHLO or HELO first, and one transaction at a time',
    mail: 'MAIL first',
    rcpt: 'MAIL and an accepted RCPT first',
    bdat: 'BDAT first',
  };
  return `${verb.name} not now: ${(first && before[first]) ?? 'bad sequence of commands'}`;
}
