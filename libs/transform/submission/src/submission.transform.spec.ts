/** Submitted messages: what is added, what is removed, whose they are. */
import { BodyAborted, type Session } from '@mailverb/contract';
import { PulledBody, bodyOf, collect } from '@mailverb/body';
import {
  FakeClock,
  contributionsOf,
  describeTransform,
  testEnvelope,
  testListener,
  testSession,
} from '@mailverb/testing';
import type { z } from 'zod';
import { submissionPlugin } from './plugin.js';
import { submissionOptions } from './submission.options.js';
import { SubmissionTransform } from './submission.transform.js';

const NOON = Date.UTC(2026, 10, 20, 12, 0, 0);
const identity = { name: 'ann', mechanism: 'PLAIN' };

/** Its Message-IDs can be foretold. */
class Foretold extends SubmissionTransform {
  protected override unique(): string {
    return 'unique';
  }
}

type Options = z.input<typeof submissionOptions>;
const make = (options: Options = {}) => new Foretold(submissionOptions.parse(options), new FakeClock(NOON));

const inputOf = (session: Partial<Session> = {}) => ({
  session: testSession({ identity, listener: testListener({ hostname: 'mx.example.org' }), ...session }),
  envelope: testEnvelope(),
});

async function submit(text: string, options: Options = {}, session: Partial<Session> = {}): Promise<string> {
  const body = make(options).apply(bodyOf([Buffer.from(text, 'latin1')]), inputOf(session));
  return Buffer.from(await collect(body)).toString('latin1');
}

describeTransform('submission', () => make({ for: 'everybody' }));
describeTransform('submission, of those who are authenticated', () => make());
describeTransform('submission, Bcc alone', () => make({ for: 'everybody', date: false, messageId: false }));

const DATE = 'Date: Fri, 20 Nov 2026 12:00:00 +0000\r\n';
const ID = 'Message-ID: <unique@mx.example.org>\r\n';
const LETTER =
  'From: a@example.org\r\nBcc: b@example.org,\r\n c@example.org\r\nResent-Bcc: d@example.org\r\n\r\nBcc: body\r\n';

describe('submission', () => {
  it('adds Date and Message-ID and removes Bcc', async () => {
    expect(await submit(LETTER)).toBe(`From: a@example.org\r\n${DATE}${ID}\r\nBcc: body\r\n`);
  });

  it('adds what is missing and leaves what is there', async () => {
    expect(await submit('Date: x\r\n\r\n')).toBe(`Date: x\r\n${ID}\r\n`);
    expect(await submit('message-id: x\r\n\r\n')).toBe(`message-id: x\r\n${DATE}\r\n`);
    expect(await submit('Date:\r\nMessage-ID: x\r\n\r\n')).toBe('Date:\r\nMessage-ID: x\r\n\r\n');
  });

  it.each<[Options, string]>([
    [{ date: false }, `From: a@example.org\r\n${ID}\r\nBcc: body\r\n`],
    [{ messageId: false }, `From: a@example.org\r\n${DATE}\r\nBcc: body\r\n`],
    [{ date: false, messageId: false }, 'From: a@example.org\r\n\r\nBcc: body\r\n'],
    [{ removeBcc: false, date: false }, LETTER.replace('\r\n\r\n', `\r\n${ID}\r\n`)],
    [{ removeBcc: false, date: false, messageId: false }, LETTER],
  ])('does with %j what it is told and no more', async (options, expected) => {
    expect(await submit(LETTER, options)).toBe(expected);
  });

  it('changes the messages of others only where it is told to', async () => {
    expect(await submit(LETTER, {}, { identity: undefined })).toBe(LETTER);
    expect(await submit(LETTER, { for: 'everybody' }, { identity: undefined })).not.toBe(LETTER);
  });

  it('gives a message without a header one of its own, and leaves it so where nothing is added', async () => {
    expect(await submit('hello there\r\n')).toBe(`${DATE}${ID}\r\nhello there\r\n`);
    expect(await submit('hello there\r\n', { date: false, messageId: false })).toBe('hello there\r\n');
  });

  it('has a Message-ID of its own for every message (RFC 5322 3.6.4)', async () => {
    const ids = new Set<string | undefined>();
    const transform = new SubmissionTransform(submissionOptions.parse({}), new FakeClock(NOON));
    for (let i = 0; i < 100; i++) {
      const text = Buffer.from(await collect(transform.apply(bodyOf([]), inputOf()))).toString('latin1');
      ids.add(/^Message-ID: <([0-9a-f]{32})@mx\.example\.org>\r$/m.exec(text)?.[1]);
    }
    expect(ids.size).toBe(100);
    expect(ids).not.toContain(undefined);
  });

  it('has the date of when the message came', async () => {
    const clock = new FakeClock(NOON);
    const transform = new SubmissionTransform(submissionOptions.parse({ messageId: false }), clock);
    await clock.advance(61_000);
    const text = Buffer.from(await collect(transform.apply(bodyOf([]), inputOf()))).toString('latin1');
    expect(text).toBe('Date: Fri, 20 Nov 2026 12:01:01 +0000\r\n');
  });
});

describe('a submitted body', () => {
  it('takes many chunks of which nothing is left, without a promise for each and without the stack growing', async () => {
    const chunks = ['Bcc: x', ...Array.from({ length: 100_000 }, () => 'y'), '\r\n\r\nbody'].map((text) =>
      Buffer.from(text),
    );
    const body = make({ date: false, messageId: false }).apply(bodyOf(chunks), inputOf());
    expect(String(body.read())).toBe('\r\nbody');
    expect(body.read()).toBeUndefined();
    expect(body.read()).toBeUndefined();
  });

  it('is read no further than it is asked for, and can be left', async () => {
    let read = 0;
    let released = false;
    const source = new (class extends PulledBody {
      override read(): Uint8Array {
        read += 1;
        return Buffer.from('A: 1\r\n');
      }
      override release(): void {
        released = true;
      }
    })();
    for await (const chunk of make().apply(source, inputOf())) {
      expect(String(chunk)).toBe('A: 1\r\n');
      break;
    }
    expect({ read, released }).toEqual({ read: 1, released: true });
  });

  it('adds nothing to a message that is never complete', async () => {
    async function* broken() {
      yield Buffer.from('A: 1\r\n');
      throw new BodyAborted('gone');
    }
    const body = make().apply(bodyOf(broken()), inputOf());
    expect(String(await body.read())).toBe('A: 1\r\n');
    await expect(body.read()).rejects.toBeInstanceOf(BodyAborted);
  });
});

describe('submissionPlugin', () => {
  it('contributes the transform', () => {
    expect(contributionsOf(submissionPlugin)).toEqual([
      { kind: 'transform', name: 'submission', value: SubmissionTransform },
    ]);
  });

  it('has options that are checked', () => {
    expect(submissionOptions.parse({})).toEqual({ for: 'authenticated', date: true, messageId: true, removeBcc: true });
    expect(submissionOptions.safeParse({ for: 'nobody' }).success).toBe(false);
    expect(submissionOptions.safeParse({ bcc: true }).success).toBe(false);
  });
});
