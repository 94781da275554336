/** Every input of the corpus, with everything that must hold: what was found once is not lost again. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readCorpus } from './corpus.js';
import { TARGETS } from './targets/index.js';

const CORPUS = join(__dirname, '../corpus');

it('has a folder for each target, and no other', () => {
  const folders = readdirSync(CORPUS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).toSorted()).toEqual(TARGETS.map(({ name }) => name).toSorted());
});

describe.each(TARGETS)('corpus of $name', (target) => {
  afterAll(() => target.close?.());

  it(`holds: ${target.holds}`, async () => {
    for (const { name, input } of readCorpus(CORPUS, target.name)) {
      await expect(Promise.resolve(target.check(input)).then(() => name)).resolves.toBe(name);
    }
  }, 30_000);

  it('has inputs that do different things', async () => {
    const corpus = readCorpus(CORPUS, target.name);
    const signatures = new Set<string>();
    for (const { input } of corpus) signatures.add(await target.check(input));
    expect(signatures.size).toBeGreaterThan(corpus.length / 4);
  });

  it('gives the same signature to the same input: the fuzzer repeats itself', async () => {
    const [first] = readCorpus(CORPUS, target.name);
    if (first === undefined) throw new Error('no input');
    expect(await target.check(first.input)).toBe(await target.check(first.input));
  });
});
