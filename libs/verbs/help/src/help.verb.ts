/** HELP (RFC 5321 4.1.1.8): the verbs of this listener, or one of them. */
import { VerbTable, type Verb, type VerbOutcome } from '@mailverb/contract';
import { PHASE_TABLE, isAscii, reply, type Reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';

const UNKNOWN = reply(504, '5.5.4', 'no help on that');
const LINE = 60;

/** The verb HELP. Its parameters are the outcome, which is the same for all who ask for the same. */
@injectable()
export class HelpVerb implements Verb<VerbOutcome> {
  readonly name = 'HELP';
  readonly phases = PHASE_TABLE.HELP.phases;
  readonly endsBatch = PHASE_TABLE.HELP.endsBatch;
  readonly help = 'HELP [verb]';
  // Made at the first question: while verbs are being built the table is not complete.
  private topics: ReadonlyMap<string, VerbOutcome> | undefined;

  constructor(@inject(VerbTable) private readonly verbs: VerbTable) {}

  parse(args: string): VerbOutcome | Reply {
    this.topics ??= topicsOf(this.verbs);
    // Not every letter that becomes an ASCII letter in upper case is one (attack A6).
    return (isAscii(args) ? this.topics.get(args.toUpperCase()) : undefined) ?? UNKNOWN;
  }

  perform(outcome: VerbOutcome): VerbOutcome {
    return outcome;
  }
}

/** What there is to say, by what is asked; '' is the overview. */
function topicsOf(verbs: VerbTable): ReadonlyMap<string, VerbOutcome> {
  const all = verbs.list();
  const topics = new Map<string, VerbOutcome>();
  topics.set('', { reply: reply(214, '2.0.0', 'I understand', ...wrapped(all.map((verb) => verb.name))) });
  for (const { name, help } of all) topics.set(name, { reply: reply(214, '2.0.0', help ?? name) });
  return topics;
}

/** Words in lines of readable length. */
function wrapped(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= LINE) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
