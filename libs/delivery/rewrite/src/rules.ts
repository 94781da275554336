/**
 * Rules that rename addresses. `from` is a domain or an address with at most one `*`; `to` is a domain (the local part stays) or an address, and may have
 * a `*` where the one of `from` goes. No rule looks at what another made.
 */
import { foldLocal, normalizeDomain } from '@mailverb/options';
import { parseMailbox, type Mailbox } from '@mailverb/protocol';
import { z } from 'zod';
import { mailboxOf } from './mailbox-of.js';

/** What a rule made of an address: undefined if it does not apply, null if there can be no such address. */
export type Renamed = Mailbox | null | undefined;

/** A rule, taken apart once. */
export interface Rule {
  apply(mailbox: Mailbox): Renamed;
}

/** One piece of `from`: before and behind the `*`, if it has one. */
interface Piece {
  readonly first: string;
  readonly last: string | undefined;
}

const FROM =
  'expected a domain or an address with at most one *, such as old.example, ann@old.example or info-*@old.example';
const TO = 'expected a domain or an address, with a * only where `from` has one';

/** The form of one rule. */
export const rule = z
  .strictObject({
    from: z.string().describe('old.example, *.old.example, ann@old.example or info-*@old.example.'),
    to: z.string().describe('new.example, *.new.example, ann@new.example or *@new.example.'),
  })
  .transform(({ from, to }, context): Rule => {
    const made = readRule(from, to);
    if (typeof made !== 'string') return made;
    context.addIssue({
      code: 'custom',
      message: made === 'from' ? FROM : TO,
      path: [made],
      input: made === 'from' ? from : to,
    });
    return z.NEVER;
  });

/** The form of a value of a table: a domain or an address. */
export const renaming = z.string().transform((to, context): Rule => {
  const made = readRule(undefined, to);
  if (typeof made !== 'string') return made;
  context.addIssue({ code: 'custom', message: 'expected a domain or an address', input: to });
  return z.NEVER;
});

/** The first rule that applies. */
export function applyRules(rules: readonly Rule[], mailbox: Mailbox): Renamed {
  for (const one of rules) {
    const renamed = one.apply(mailbox);
    if (renamed !== undefined) return renamed;
  }
  return undefined;
}

/** The rule, or what is wrong. Without `from` it applies to all. */
function readRule(from: string | undefined, to: string): Rule | 'from' | 'to' {
  const [fromLocal, fromDomain] = from === undefined ? [undefined, '*'] : cut(from);
  const [toLocal, toDomain] = cut(to);
  const local = fromLocal === undefined ? undefined : piece(fromLocal.normalize('NFC').toLowerCase());
  const domain = piece(fromDomain);
  if (from !== undefined && (stars(from) > 1 || fromLocal === '' || !isDomain(fromDomain))) return 'from';
  if (stars(to) > (from === undefined ? 0 : stars(from)) || toLocal === '' || !isDomain(toDomain)) return 'to';
  // An address that can not be is found out here, and not when somebody writes to it.
  if (mailboxOf((toLocal ?? 'x').replace('*', 'x'), toDomain.replace('*', 'x')) === undefined) return 'to';
  const fromDomainPiece =
    domain.last === undefined ? { first: normalizeDomain(fromDomain) ?? '', last: undefined } : domain;
  return {
    apply(mailbox) {
      const inDomain = from === undefined ? '' : fit(fromDomainPiece, mailbox.domain, mailbox.domain);
      const inLocal = local === undefined ? '' : fit(local, foldLocal(mailbox), mailbox.local);
      if (inDomain === undefined || inLocal === undefined) return undefined;
      const star = local?.last === undefined ? inDomain : inLocal;
      const put = (text: string) => text.replace('*', () => star);
      return mailboxOf(toLocal === undefined ? mailbox.local : put(toLocal), put(toDomain)) ?? null;
    },
  };
}

/** What stands before and behind the last @; without one it is all a domain. */
function cut(text: string): readonly [string | undefined, string] {
  const mailbox = text.includes('@') ? parseMailbox(text) : undefined;
  if (mailbox !== undefined) return [mailbox.local, mailbox.domain];
  const at = text.lastIndexOf('@');
  return at === -1 ? [undefined, text] : [text.slice(0, at), text.slice(at + 1)];
}

function stars(text: string): number {
  return text.split('*').length - 1;
}

function isDomain(text: string): boolean {
  const sample = text.replace('*', 'x');
  const name = normalizeDomain(sample);
  // Of a pattern only what is an A-label already can be compared.
  return name !== undefined && (text === sample || name === sample.toLowerCase());
}

function piece(text: string): Piece {
  const [first = '', last] = text.toLowerCase().split('*');
  return { first, last };
}

/** What the `*` stands for, '' where there is none; undefined if it does not fit. Taken from `written`, where the case is kept. */
function fit({ first, last }: Piece, folded: string, written: string): string | undefined {
  if (last === undefined) return folded === first ? '' : undefined;
  // It stands for something.
  if (folded.length <= first.length + last.length || !folded.startsWith(first) || !folded.endsWith(last))
    return undefined;
  const text = written.length === folded.length ? written : folded;
  return text.slice(first.length, text.length - last.length);
}
