import * as fc from 'fast-check';
import { pieces } from '../spec-support/pieces.js';
import { Responder } from './responder.js';

const EHLO = 'EHLO client.example\r\n';
const ENVELOPE = 'MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n';

/** Mail data that looks as much like its own end as it can. */
const data = fc
  .array(fc.constantFrom('.', '\r', '\n', '\r\n', '..', 'x', '\r\n..', '\r\n.\r', 'QUIT'), { maxLength: 30 })
  .map((parts) => `Subject: x\r\n\r\n${parts.join('')}x`.replaceAll('\r\n.\r\n', '\r\n..\r\n'))
  // Replacing may have made a new one.
  .filter((text) => !text.includes('\r\n.\r\n'));

const cuts = fc.array(fc.nat(), { maxLength: 20 });

/** The codes of the replies to all of it. */
function codes(chunks: readonly Buffer[], responder = new Responder()): string[] {
  const replies = chunks.map((chunk) => responder.take(chunk)).join('');
  return replies.split('\r\n').flatMap((line) => (/^\d{3} /.test(line) ? [line.slice(0, 3)] : []));
}

describe('Responder', () => {
  it('answers whole conversations alike, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(data, { minLength: 1, maxLength: 4 }), cuts, (messages, at) => {
        const text = `${EHLO}${messages.map((m) => `${ENVELOPE}${m}\r\n.\r\n`).join('')}NOOP\r\nQUIT\r\n`;
        const expected = ['250', ...messages.flatMap(() => ['250', '250', '354', '250']), '250', '221'];
        expect(codes(pieces(text, at))).toEqual(expected);
      }),
    );
  });

  it('answers byte by byte as it does at once', () => {
    const text = `${EHLO}${ENVELOPE}a\r\n.\r\r\n..\r\n\r\n.\r\n${ENVELOPE}.\r\nQUIT\r\n`;
    const whole = codes([Buffer.from(text)]);
    expect(whole).toEqual(['250', '250', '250', '354', '250', '250', '250', '354', '250', '221']);
    expect(codes([...text].map((octet) => Buffer.from(octet)))).toEqual(whole);
  });

  it('gives the replies of a chunk for one write', () => {
    const responder = new Responder();
    expect(codes([Buffer.from(ENVELOPE)], responder)).toEqual(['250', '250', '354']);
    expect(codes([Buffer.from(`x\r\n.\r\n${ENVELOPE}`)], responder)).toEqual(['250', '250', '250', '354']);
  });

  it('is over after QUIT, and not because the mail data says so', () => {
    const responder = new Responder();
    codes([Buffer.from(`${ENVELOPE}QUIT\r\n`)], responder);
    expect(responder.ended).toBe(false);
    expect(codes([Buffer.from('.\r\nQUIT\r\nNOOP\r\n')], responder)).toEqual(['250', '221']);
    expect(responder.ended).toBe(true);
  });
});
