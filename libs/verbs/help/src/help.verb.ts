/** HELP (RFC 5321 4.1.1.8): the verbs of this listener, or one of them. */
import { VerbTable, type Session, type Verb, type VerbOutcome } from '@mailverb/contract';
import { PHASE_TABLE, isAscii, reply, type Reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';

const UNKNOWN = reply(504, '5.5.4', 'no help on that');
const LINE = 60;

/** The verb HELP. Its parameters are the outcome. What does not exist for a session is not in it. */
@injectable()
export class HelpVerb implements Verb<VerbOutcome> {
  readonly name = 'HELP';
  readonly phases = PHASE_TABLE.HELP.phases;
  readonly endsBatch = PHASE_TABLE.HELP.endsBatch;
  readonly help = 'HELP [verb]';
  constructor(@inject(VerbTable) private readonly verbs: VerbTable) {}

  parse(args: string, session: Session): VerbOutcome | Reply {
    const all = this.verbs.list(session);
    if (args === '') {
      return { reply: reply(214, '2.0.0', 'I understand', ...wrapped(all.map((verb) => verb.name))) };
    }
    // Not every letter that becomes an ASCII letter in upper case is one (attack A6).
    const topic = isAscii(args) ? args.toUpperCase() : undefined;
    const found = all.find(({ name }) => name === topic);
    return found === undefined ? UNKNOWN : { reply: reply(214, '2.0.0', found.help ?? found.name) };
  }

  perform(outcome: VerbOutcome): VerbOutcome {
    return outcome;
  }
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
