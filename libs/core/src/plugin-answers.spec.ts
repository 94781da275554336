/** What plugins may say, and what is no answer (attack A24). */
import { Reply, reply } from '@mailverb/protocol';
import { causeOf, isFinalReply, isOutcome, isQuestion, isReply, isVerbOutcome, isVerdict } from './plugin-answers.js';

const ok = reply(250, '2.0.0', 'ok');
const no = reply(550, '5.7.1', 'no');
const goOn = reply(354, undefined, 'go on');
/** A reply of another copy of the protocol library. */
const foreign = { code: 450, wire: () => '450 later\r\n', positive: false, lines: ['later'] };
const rubbish = [undefined, null, true, 250, '250 ok', {}, [], { code: 250 }, { code: 250, wire: '250 ok' }];
const wrongCodes = [
  { ...foreign, code: Number.NaN },
  { ...foreign, code: 99 },
  { ...foreign, code: '450' },
];

describe('isReply', () => {
  it('knows replies, also those of another copy of the library', () => {
    for (const value of [ok, no, goOn, foreign]) expect(isReply(value)).toBe(true);
    for (const value of [...rubbish, ...wrongCodes]) expect(isReply(value)).toBe(false);
  });

  it('does not believe a code that is none', () => {
    expect(isReply(new Reply(Number.NaN, undefined, ['x']))).toBe(false);
    expect(isFinalReply(new Reply(Number.NaN, undefined, ['x']))).toBe(false);
  });
});

describe('isFinalReply', () => {
  it('asks for nothing more', () => {
    for (const value of [ok, no, foreign]) expect(isFinalReply(value)).toBe(true);
    for (const value of [goOn, ...rubbish]) expect(isFinalReply(value)).toBe(false);
  });
});

describe('isVerdict', () => {
  it('is a known kind, with a refusing reply where it refuses', () => {
    for (const kind of ['pass', 'accept']) {
      expect(isVerdict({ kind })).toBe(true);
      expect(isVerdict({ kind, annotate: { a: 'b' } })).toBe(true);
      for (const annotate of [null, 'x', 7]) expect(isVerdict({ kind, annotate })).toBe(false);
    }
    for (const kind of ['reject', 'defer', 'hangup']) {
      expect(isVerdict({ kind, reply: no })).toBe(true);
      for (const answer of [ok, goOn, ...rubbish]) expect(isVerdict({ kind, reply: answer })).toBe(false);
    }
    for (const value of [...rubbish, { kind: 'maybe' }]) expect(isVerdict(value)).toBe(false);
  });
});

describe('isVerbOutcome', () => {
  it('is a reply, and perhaps a known effect', () => {
    expect(isVerbOutcome({ reply: ok })).toBe(true);
    expect(isVerbOutcome({ reply: ok, effect: { type: 'reset' } })).toBe(true);
    for (const effect of [null, 'reset', {}, { type: 'explode' }, { type: '__proto__' }]) {
      expect(isVerbOutcome({ reply: ok, effect })).toBe(false);
    }
    for (const value of rubbish) {
      expect(isVerbOutcome(value)).toBe(false);
      expect(isVerbOutcome({ reply: value })).toBe(false);
    }
  });

  it('of a chunk says how many octets: what is not counted would be read as commands (attack A3)', () => {
    for (const type of ['receive-chunk', 'skip-chunk']) {
      expect(isVerbOutcome({ reply: ok, effect: { type, octets: 0 } })).toBe(true);
      for (const octets of [undefined, Number.NaN, -1, 1.5, '7', 2 ** 53]) {
        expect(isVerbOutcome({ reply: ok, effect: { type, octets } })).toBe(false);
      }
    }
  });
});

describe('isQuestion', () => {
  it('is nothing, or a known stage with its input', () => {
    for (const value of [undefined, { stage: 'helo', input: {} }]) expect(isQuestion(value)).toBe(true);
    for (const value of [null, {}, { stage: 'helo' }, { stage: 'never', input: {} }])
      expect(isQuestion(value)).toBe(false);
  });
});

describe('isOutcome', () => {
  it('is a recipient and a final reply', () => {
    expect(isOutcome({ recipient: {}, reply: ok })).toBe(true);
    for (const value of [...rubbish, { reply: ok }, { recipient: {}, reply: goOn }])
      expect(isOutcome(value)).toBe(false);
  });
});

describe('causeOf', () => {
  it('has words for whatever was thrown', () => {
    const unreadable = new Error('x');
    Object.defineProperty(unreadable, 'message', {
      get: () => {
        throw new Error('no');
      },
    });
    expect([new Error('boom'), 'text', undefined, null, 7, unreadable, Object.create(null)].map(causeOf)).toEqual([
      'boom',
      'text',
      'undefined',
      'null',
      '7',
      'an error without words',
      'an error without words',
    ]);
  });
});
