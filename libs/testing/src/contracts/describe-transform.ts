/** The contract suite of transforms: what is true of all of them. Uses the globals of jest. */
import { BodyAborted, type Body, type Lifecycle, type Transform, type TransformInput } from '@mailverb/contract';
import { bodyOf, bodyOfHeld, collect, heldBytes } from '@mailverb/body';
import fc from 'fast-check';
import { expectHeaderFields, fieldNames } from './check-header.js';
import { testListener } from './fixtures.js';
import { hostileFacts, sessionOf, type Facts, type KnownFacts } from './hostile-facts.js';
import { random, randomLines, source } from './message-source.js';

/** What the suite may know about a transform to test it well. */
export interface TransformSuite extends KnownFacts {
  /** The names of the fields that it may prepend. Default any, but never one that a client made up. */
  readonly fields?: readonly string[];
  /** The protocols that the listener may speak; default both. */
  readonly protocols?: readonly ('smtp' | 'lmtp')[];
}

/** Makes a fresh one, with everything that it injects. */
export type TransformFactory = () => Transform & Lifecycle;

/** Names that try to begin a field of their own, or to end the header. */
const INJECTIONS = [
  'x\r\nInjected: yes',
  'x\nInjected: yes',
  'x\rInjected: yes',
  'x\r\n\r\nInjected: yes',
  'x\r\n\tfor <injected@example.org>',
  'x\0\x0b\x0c\x1c\x85\u2028Injected: yes',
  'x)(;"\\<>,',
  `${'x'.repeat(2000)}`,
  'bücher.example',
];

/**
 * Tests a transform against its contract.
 * @param factory called once or more for each test.
 */
export function describeTransform(name: string, factory: TransformFactory, suite: TransformSuite = {}): void {
  const { protocols = ['smtp', 'lmtp'] } = suite;
  const facts = hostileFacts({ ...suite, names: [...INJECTIONS, ...(suite.names ?? [])] });
  const situation = fc.record({ facts, protocol: fc.constantFrom(...protocols), extended: fc.boolean() });
  const { prepend, apply } = factory();

  async function withTransform(test: (transform: Transform) => Promise<void>): Promise<void> {
    const transform = factory();
    await transform.start?.();
    try {
      await test(transform);
    } finally {
      await transform.stop?.();
    }
  }

  describe(`transform ${name} keeps the contract`, () => {
    it('prepends or applies', () => {
      expect([typeof prepend, typeof apply]).toContain('function');
    });

    if (prepend !== undefined) {
      it('prepends complete header fields, into which nobody can put a line (attack A6)', async () => {
        await withTransform(async (transform) => {
          await fc.assert(
            fc.asyncProperty(situation, async ({ facts: said, protocol, extended }) => {
              const input = inputOf(said, protocol, extended);
              const bytes = await transform.prepend?.(input);
              if (bytes === undefined) return;
              expectHeaderFields(bytes, input.envelope.parameters.SMTPUTF8 === true);
              const names = fieldNames(bytes);
              expect(names).not.toContain('injected');
              if (suite.fields === undefined) return;
              const allowed = suite.fields.map((field) => field.toLowerCase());
              expect(names.filter((field) => !allowed.includes(field))).toEqual([]);
            }),
            { numRuns: 300 },
          );
        });
      });

      it('prepends the same for the same message, whoever was served before', async () => {
        await withTransform(async (old) => {
          await fc.assert(
            fc.asyncProperty(fc.array(situation, { minLength: 1, maxLength: 5 }), async (messages) => {
              for (const { facts: said, protocol, extended } of messages) {
                const input = inputOf(said, protocol, extended);
                await withTransform(async (fresh) => {
                  expect(text(await old.prepend?.(input))).toBe(text(await fresh.prepend?.(input)));
                });
              }
            }),
            { numRuns: 30 },
          );
        });
      });
    }

    if (apply !== undefined) describeApply();
  });

  function describeApply(): void {
    const message = fc.record({
      situation,
      size: fc.nat(3000),
      seed: fc.nat(10_000),
      longest: fc.integer({ min: 1, max: 4096 }),
    });

    const applied = async (transform: Transform, body: Body, input: TransformInput): Promise<Uint8Array> =>
      collect(bodyOf(transform.apply?.(body, input) ?? body));

    it('gives the same bytes however they came in, and ends when they end', async () => {
      await withTransform(async (transform) => {
        await fc.assert(
          fc.asyncProperty(message, async ({ situation: { facts: said, protocol, extended }, size, seed, longest }) => {
            const input = inputOf(said, protocol, extended);
            const bytes = letter(size, seed);
            const held = transform.wholeMessage === true;
            const one = held ? bodyOfHeld(heldBytes(bytes)) : bodyOf([bytes]);
            const whole = await applied(transform, one, input);
            // In chunks that are overwritten when the next is read.
            const pieces = await applied(transform, source(bytes, held, { next: random(seed), longest }), input);
            expect(Buffer.from(pieces).equals(whole)).toBe(true);
            // What came in without a bare CR or LF goes out without one (attack A2).
            expect(Buffer.from(whole).toString('latin1')).not.toMatch(/(?<!\r)\n|\r(?!\n)/);
          }),
          { numRuns: 50 },
        );
      });
    });

    it('passes on that the message will never be complete', async () => {
      await withTransform(async (transform) => {
        const input = inputOf(fc.sample(facts, { numRuns: 1, seed: 1 })[0] as Facts, 'smtp', true);
        for (const abortAfter of [0, 1, 500]) {
          const options = { next: random(abortAfter), abortAfter };
          const body = source(letter(1000, 1), transform.wholeMessage === true, options);
          await expect(applied(transform, body, input)).rejects.toBeInstanceOf(BodyAborted);
        }
      });
    });
  }
}

function inputOf(facts: Facts, protocol: 'smtp' | 'lmtp', extended: boolean): TransformInput {
  const listener = testListener({ protocol });
  const session = sessionOf(facts, 'rcpt', [...facts.earlier, facts.mailbox], { listener, extended });
  if (session.envelope === undefined) throw new Error('a session without its envelope');
  return Object.freeze({ session, envelope: session.envelope });
}

function letter(size: number, seed: number): Buffer {
  const header = 'From: ann@example.org\r\nSubject: test\r\n\r\n';
  return Buffer.concat([Buffer.from(header, 'latin1'), randomLines(size, random(seed))]);
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1');
}
