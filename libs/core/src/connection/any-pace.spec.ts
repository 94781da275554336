/**
 * The same session at any pace: however the bytes are cut, and whether plugins answer at once or later, the client hears the same, the delivery
 * gets the same, and nothing is left (K1, attacks A14 and A24).
 */
import { defer, pass, reject, type MaybePromise, type Transform, type Verdict } from '@mailverb/contract';
import fc from 'fast-check';
import { settle } from '../fixtures/clock.fixture.js';
import { codeOf, type Peer } from '../fixtures/peer.fixture.js';
import { Scene } from '../fixtures/scene.fixture.js';

/** What a client does next: one group of commands, and what it sends if it is told to go on. */
interface Step {
  readonly group: string;
  readonly data?: string;
}

const line = fc.constantFrom(
  'MAIL FROM:<a@example.net>',
  'MAIL FROM:<later@example.net>',
  'RCPT TO:<b@example.org>',
  'RCPT TO:<no@example.org>',
  'RCPT TO:<broken@example.org>',
  'RSET',
  'NOOP',
  'XYZZY',
);
const chunk = fc
  .tuple(fc.constantFrom('', 'abc', 'QUIT\r\n', 'x\r\n.\r\n', 'bare\nlf'), fc.boolean())
  .map(([bytes, last]) => `BDAT ${bytes.length}${last ? ' LAST' : ''}\r\n${bytes}`);
const content = fc.constantFrom(
  '',
  'hello\r\n',
  '..dot\r\n',
  'bare\nlf\r\n',
  'QUIT\r\n',
  'unwanted\r\n',
  'x'.repeat(3000) + '\r\n',
);
const commands = fc
  .array(fc.oneof({ weight: 3, arbitrary: line.map((text) => `${text}\r\n`) }, chunk), { maxLength: 6 })
  .map((parts) => parts.join(''));
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    commands.map((group) => ({ group })),
    fc.tuple(commands, content).map(([group, data]) => ({ group: `${group}DATA\r\n`, data: `${data}.\r\n` })),
    content.map((data) => ({
      group: 'MAIL FROM:<>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n',
      data: `${data}.\r\n`,
    })),
    fc.constant({ group: 'EHLO client\r\n' }),
    fc.constant({ group: 'ASK\r\n', data: 'done\r\n' }),
  ),
  { minLength: 1, maxLength: 8 },
);

/** How long each plugin takes, in turns of the loop, and where the bytes are cut: numbers that are used in turn, and again. */
class Pace {
  private next = 0;
  constructor(private readonly numbers: readonly number[]) {}

  take(): number {
    const number = this.numbers[this.next % this.numbers.length] ?? 0;
    this.next += 1;
    return number;
  }

  /** Now or later. */
  value<T>(make: () => T): MaybePromise<T> {
    const turns = this.take() % 3;
    return turns === 0 ? make() : settle(turns).then(make);
  }
}

const above: (pace: Pace) => Transform = (pace) => ({ prepend: () => pace.value(() => Buffer.from('above: it\r\n')) });

function sceneAt(pace: Pace, holds: boolean): Scene {
  const says = (verdict: Verdict) => pace.value(() => verdict);
  const scene = new Scene({
    holds,
    limits: { errors: 10_000, unknownCommands: 10_000, commandsBeforeTransaction: 10_000 },
    transforms: [above(pace)],
    policy: {
      connect: () => says(pass()),
      helo: () => says(pass({ noted: 'yes' })),
      mail: ({ reversePath }) => says(reversePath?.local === 'later' ? defer() : pass()),
      rcpt: ({ mailbox }) => says(mailbox.local === 'no' ? reject() : pass()),
      data: () => says(pass()),
      message: ({ size }) => says(size === 'unwanted\r\n'.length ? reject() : pass()),
    },
  });
  scene.delivery.steps = {
    begin: (sound) => pace.value(sound),
    recipient: ({ mailbox }) => pace.value(() => (mailbox.local === 'broken' ? fail(new Error('broken')) : undefined)),
    body: (_body, sound) => {
      const turns = pace.take() % 3;
      return turns === 0 ? sound() : settle(turns).then(sound);
    },
    commit: (sound) => pace.value(sound),
    abort: () => pace.value(() => undefined),
  };
  return scene;
}

/** Sends bytes in pieces, and gives what is answered once all is quiet. */
async function send(peer: Peer, bytes: string, pace: Pace): Promise<number[]> {
  for (let at = 0; at < bytes.length;) {
    const size = Math.max(1, pace.take() * 7 || bytes.length);
    peer.stream.write(Buffer.from(bytes.slice(at, at + size), 'latin1'));
    at += size;
    if (pace.take() % 2 === 0) await settle(1);
  }
  const codes: number[] = [];
  for (let quiet = 0; quiet < 6; quiet++) {
    const heard = await peer.heard();
    if (heard.length > 0) quiet = 0;
    codes.push(...heard.map(codeOf));
  }
  return codes;
}

interface Heard {
  readonly codes: readonly (readonly number[])[];
  readonly messages: readonly string[];
}

async function run(session: readonly Step[], numbers: readonly number[], holds: boolean): Promise<Heard> {
  const pace = new Pace(numbers);
  const scene = sceneAt(pace, holds);
  const peer = scene.connect();
  const codes = [await send(peer, '', pace), await send(peer, 'EHLO client\r\n', pace)];
  for (const { group, data } of session) {
    const answers = await send(peer, group, pace);
    codes.push(answers);
    const last = answers.at(-1);
    if (data !== undefined && (last === 354 || last === 334)) codes.push(await send(peer, data, pace));
  }
  peer.stream.end();
  while (scene.listener.connections.size > 0) await settle();
  await settle(10);
  const { delivery } = scene;
  expect(delivery.count('begin')).toBe(delivery.count('commit') + delivery.count('abort'));
  expect(delivery.messages).toHaveLength(delivery.count('commit'));
  expect(scene.eventsOf('transactionEnded').length).toBeGreaterThanOrEqual(delivery.count('begin'));
  expect(scene.clock.pending).toBe(0);
  return { codes, messages: delivery.messages };
}

describe('A session', () => {
  it('is the same at any pace', async () => {
    const numbers = fc.array(fc.nat(20), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(steps, numbers, fc.boolean(), async (session, pace, holds) => {
        const expected = await run(session, [0], false);
        expect(await run(session, pace, holds)).toEqual(expected);
        // One answer for each command and each message: what was sent decides how many, and nothing else.
        const [greeting, ehlo] = expected.codes;
        expect([greeting, ehlo]).toEqual([[220], [250]]);
      }),
      { numRuns: 200 },
    );
  }, 30_000);
});

function fail(error: unknown): never {
  throw error;
}
