/**
 * Where a publication goes: a subject, routing key or topic made of a template, such as `mail.{domain}`.
 *
 * What stands in a template is the operator's; what is put into it comes from the network, and must stay within its own word, whatever it is: with a
 * dot in it a recipient would choose how many words there are, with `*`, `>` or `#` who listens. So every value is written by allow-list and so that
 * no two values are written the same: letters, digits and `-` as they are, a dot as `_`, each other octet as `%XX`, and `-` where there is none.
 */
import type { Recipient, Session, Envelope } from '@mailverb/contract';
import { z } from 'zod';

/** What a placeholder may be. */
const VALUES = {
  domain: ({ recipient }: TargetFacts) => recipient.mailbox.domain.toLowerCase(),
  local: ({ recipient }: TargetFacts) => recipient.mailbox.local,
  senderDomain: ({ envelope }: TargetFacts) => envelope.reversePath?.domain.toLowerCase() ?? '',
  listener: ({ session }: TargetFacts) => session.listener.name,
  server: ({ session }: TargetFacts) => session.listener.hostname,
  identity: ({ session }: TargetFacts) => session.identity?.name ?? '',
};

const PLACEHOLDERS: ReadonlyMap<string, (facts: TargetFacts) => string> = new Map(Object.entries(VALUES));

/** What values are taken from. */
export interface TargetFacts {
  readonly recipient: Recipient;
  readonly envelope: Envelope;
  readonly session: Session;
}

/** Octets: what an AMQP routing key can have. Subjects of NATS and topics of Kafka may be longer, or a little shorter. */
export const LONGEST_TARGET = 255;

type Piece = string | ((facts: TargetFacts) => string);

/** A template that was read. */
export class TargetTemplate {
  private constructor(
    /** As it was written. */
    readonly text: string,
    private readonly pieces: readonly Piece[],
  ) {}

  /** @throws Error with what is wrong with it. */
  static parse(text: string): TargetTemplate {
    const pieces: Piece[] = [];
    for (let at = 0; at < text.length;) {
      const open = text.indexOf('{', at);
      const literal = open < 0 ? text.slice(at) : text.slice(at, open);
      if (!LITERAL.test(literal)) throw new Error('expected letters, digits and _ - . : / @ + = ~ around placeholders');
      if (literal !== '') pieces.push(literal);
      if (open < 0) break;
      const close = text.indexOf('}', open);
      const value = close < 0 ? undefined : PLACEHOLDERS.get(text.slice(open + 1, close));
      if (value === undefined) throw new Error(`expected one of ${placeholderNames()} at {`);
      pieces.push(value);
      at = close + 1;
    }
    return new TargetTemplate(text, pieces);
  }

  /** The target for one recipient; undefined if it would be too long. */
  render(facts: TargetFacts): string | undefined {
    let target = '';
    for (const piece of this.pieces) {
      target += typeof piece === 'string' ? piece : word(piece(facts));
      // Each is ASCII: a character is an octet.
      if (target.length > LONGEST_TARGET) return undefined;
    }
    return target;
  }
}

/** An option that is a template. */
export function targetTemplate() {
  return z.string().transform((text, context) => {
    try {
      return TargetTemplate.parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      return z.NEVER;
    }
  });
}

const LITERAL = /^[A-Za-z0-9_.:/@+=~-]*$/;

function placeholderNames(): string {
  return [...PLACEHOLDERS.keys()].map((name) => `{${name}}`).join(', ');
}

const KEPT = /^[A-Za-z0-9-]$/;

function word(value: string): string {
  if (value === '') return '-';
  if (value === '-') return '%2D';
  let safe = '';
  for (const octet of Buffer.from(value, 'utf8')) {
    const sign = String.fromCharCode(octet);
    if (KEPT.test(sign)) safe += sign;
    else safe += sign === '.' ? '_' : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return safe;
}
