/** The fuzzer itself: finds what is planted, makes it small, repeats itself. */
import { fuzz } from './fuzz.js';
import { minimise } from './minimise.js';
import { mutate, pump } from './mutate.js';
import { Random } from './random.js';
import { holds, type Target } from './target.js';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const text = (input: Uint8Array | undefined) => Buffer.from(input ?? []).toString('latin1');

/** Says how much of a secret was guessed, as behaviour does; fails at the end of it. */
function planted(secret: string): Target {
  return {
    name: 'planted',
    holds: 'nobody says the secret',
    check(input) {
      const said = text(input);
      let known = 0;
      while (known < secret.length && said.includes(secret.slice(0, known + 1))) known += 1;
      holds(known < secret.length, 'the secret was said', said);
      return String(known);
    },
  };
}

it('reaches by way of new behaviour what nobody would guess at once, and makes it small', async () => {
  const { findings, kept } = await fuzz(planted('<@"[>'), [bytes('NOOP')], { seed: 1, runs: 100_000 });
  expect(findings.map(({ input }) => text(input))).toEqual(['<@"[>']);
  expect(kept.length).toBeGreaterThan(3);
}, 30_000);

it('tries the same inputs for the same seed, and others for another', async () => {
  const tried = async (seed: number) => {
    const inputs: string[] = [];
    await fuzz(planted('never said'), [bytes('EHLO c')], {
      seed,
      runs: 300,
      onInput: (input) => inputs.push(text(input)),
    });
    return inputs;
  };
  const once = await tried(7);
  expect(await tried(7)).toEqual(once);
  expect(await tried(8)).not.toEqual(once);
  expect(new Set(once).size).toBeGreaterThan(200);
});

it('takes what throws for a finding, each kind once, and gives up when there are many', async () => {
  const breaks: Target = {
    name: 'breaks',
    holds: 'nothing',
    check(input) {
      if (input.length > 3) throw new TypeError(`no: ${input.length}`);
      return String(input.length);
    },
  };
  const { findings } = await fuzz(breaks, [bytes('abc')], { seed: 1, runs: 2000 });
  expect(findings).toMatchObject([{ message: 'TypeError no: 4', slow: false }]);
  expect(findings[0]?.input).toHaveLength(4);
});

it('takes what needs too long for a large input for a finding', async () => {
  const slow: Target = {
    name: 'slow',
    holds: 'nothing',
    check: (input) => String(input.length > 5),
    parse() {
      const until = performance.now() + 20;
      while (performance.now() < until);
    },
  };
  const { findings } = await fuzz(slow, [bytes('abc')], { seed: 1, runs: 301, mostCpuMs: 1 });
  expect(findings).toMatchObject([{ slow: true }]);
});

it('ends when its time is up', async () => {
  const { runs, findings } = await fuzz(planted('never said'), [], { seed: 1, milliseconds: 1 });
  expect(findings).toEqual([]);
  expect(runs).toBeGreaterThan(0);
});

it('minimises by leaving out and making plain, within its attempts', async () => {
  const input = bytes(`${'x'.repeat(500)}A${'y'.repeat(300)}B\0${'z'.repeat(99)}`);
  const fails = async (candidate: Uint8Array) => /A.*B/s.test(text(candidate));
  expect(text(await minimise(input, fails))).toBe('AB');
  let attempts = 0;
  await minimise(input, async () => ++attempts > 10_000, 50);
  expect(attempts).toBe(50);
});

it('grows an input to the size that is asked for, whatever it is', () => {
  for (const one of ['', 'a', 'EHLO client.example.net\r\n']) {
    expect(pump(bytes(one), 65_536, new Random(1))).toHaveLength(65_536);
  }
});

it('never makes an input longer than it may be, nor changes one that it knows', () => {
  const pool = [bytes('MAIL FROM:<a@b> SIZE=1\r\n'), bytes('')];
  const before = pool.map(text);
  const random = new Random(3);
  for (let i = 0; i < 5000; i++)
    expect(mutate({ pool, tokens: ['\r\n.\r\n'], maxLength: 50 }, random).length).toBeLessThanOrEqual(50);
  expect(pool.map(text)).toEqual(before);
});
