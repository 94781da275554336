/** What the endpoint's answer means for the client: status codes to replies, and what a JSON answer adds. */
import { delivered, outcomes, type Outcome, type Recipient } from '@mailverb/contract';
import { cleanText, reply, type Reply } from '@mailverb/protocol';
import { z } from 'zod';
import type { EndpointAnswer } from './endpoint.js';

/** What a status means. */
export interface Meaning {
  readonly reply: Reply;
  /** For the log: `expected` for what an endpoint says when it refuses or is busy, `error` for what somebody must mend. */
  readonly level: 'none' | 'warn' | 'error';
}

const LATER = 'the message could not be delivered, try again later';

/** There was no answer: nobody there, or too slow. */
export const UNREACHABLE = reply(451, '4.4.1', LATER);
/** There was a connection, and no answer that can be used. */
export const BROKEN = reply(451, '4.4.2', LATER);
const BUSY = reply(451, '4.4.5', LATER);
const FAILED = reply(451, '4.4.0', LATER);
/** The endpoint, or how we ask it, is set up wrongly: no message is lost because of that. */
const MISCONFIGURED = reply(451, '4.3.5', LATER);
const REFUSED = reply(550, '5.7.1', 'the message was refused');
const TOO_BIG = reply(552, '5.3.4', 'the message is too big');
const BAD_CONTENT = reply(554, '5.6.0', 'the content of the message was refused');

/** Without an entry: 2xx is a yes, 5xx and 409 are for later, and all else is a mistake in the configuration of one of both sides. */
const BY_STATUS: ReadonlyMap<number, Reply> = new Map([
  [400, BAD_CONTENT],
  [406, REFUSED],
  [410, REFUSED],
  [413, TOO_BIG],
  [422, BAD_CONTENT],
  [451, REFUSED],
  [408, FAILED],
  [409, FAILED],
  [425, FAILED],
  [429, BUSY],
  [503, BUSY],
]);

/** Statuses by the option of that name. */
export type Statuses = Readonly<Record<string, string>>;

/** Makes replies of answers. */
export class Answers {
  private readonly overrides: ReadonlyMap<string, string>;

  constructor(
    statuses: Statuses,
    private readonly readAnswer: boolean,
  ) {
    this.overrides = new Map(Object.entries(statuses));
  }

  /** What a status means. @param id of the message, for the words of a yes. */
  meaning(status: number, id: string): Meaning {
    const yes = delivered(`posted as ${id}`);
    const override = this.overrides.get(String(status));
    if (override === undefined) return byDefault(status, yes);
    if (override === 'accept') return { reply: yes, level: 'none' };
    if (override === 'defer') return { reply: FAILED, level: 'warn' };
    if (override === 'reject') return { reply: REFUSED, level: 'warn' };
    const answer = parseReply(override) ?? MISCONFIGURED;
    return { reply: answer, level: answer.positive ? 'none' : 'warn' };
  }

  /**
   * The outcomes; undefined if a yes comes with an answer that should be read and can't be: it may hold a no for somebody.
   */
  outcomes(answer: EndpointAnswer, meant: Reply, recipients: readonly Recipient[]): readonly Outcome[] | undefined {
    if (!this.readAnswer || !isJson(answer.contentType)) return outcomes(recipients, meant);
    const said = readJson(answer.text);
    if (said === undefined) return meant.positive ? undefined : outcomes(recipients, meant);
    const all = said.text === undefined ? meant : inWords(meant, said.text);
    if (!meant.positive) return outcomes(recipients, all);
    return recipients.map((recipient) => ({ recipient, reply: said.recipients.get(recipient.mailbox.address) ?? all }));
  }
}

function byDefault(status: number, yes: Reply): Meaning {
  if (status >= 200 && status < 300) return { reply: yes, level: 'none' };
  const known = BY_STATUS.get(status);
  if (known !== undefined) return { reply: known, level: 'warn' };
  if (status >= 500) return { reply: FAILED, level: 'warn' };
  return { reply: MISCONFIGURED, level: 'error' };
}

/** Words of somebody else: a line of ASCII, not too long (attack A6). */
function words(text: string): string {
  return cleanText(text.slice(0, MAX_WORDS)).trim();
}

const MAX_WORDS = 200;

function inWords({ code, enhanced }: Reply, text: string): Reply {
  return reply(code, enhanced, words(text));
}

/** `550 5.1.1 no such user`; undefined if it is none. */
function parseReply(text: string): Reply | undefined {
  const match = /^(2\d\d 2|4\d\d 4|5\d\d 5)(\.\d{1,3}\.\d{1,3}) (.+)$/s.exec(text.slice(0, MAX_WORDS + 20));
  if (match === null) return undefined;
  const [, start = '', detail = '', rest = ''] = match;
  // 2xx other than 250 would mean something else to a client.
  const code = start.startsWith('2') ? 250 : Number(start.slice(0, 3));
  return reply(code, start.slice(4) + detail, words(rest));
}

const answerSchema = z.looseObject({
  text: z.string().min(1).optional(),
  recipients: z
    .array(z.looseObject({ address: z.string(), reply: z.string() }))
    .max(10_000)
    .default([]),
});

interface Said {
  readonly text: string | undefined;
  readonly recipients: ReadonlyMap<string, Reply>;
}

function readJson(text: string | undefined): Said | undefined {
  if (text === undefined) return undefined;
  if (text.trim() === '') return { text: undefined, recipients: new Map() };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = answerSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const recipients = new Map<string, Reply>();
  for (const one of parsed.data.recipients) {
    const answer = parseReply(one.reply);
    if (answer === undefined) return undefined;
    recipients.set(one.address, answer);
  }
  return { text: parsed.data.text, recipients };
}

function isJson(contentType: string): boolean {
  const type = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  return type === 'application/json' || type.endsWith('+json');
}
