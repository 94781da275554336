import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock, recordingLogger, testMailbox, type LogLine } from '@mailverb/testing';
import { z } from 'zod';
import { ADDRESSES, lookupOptions, openLookup } from './index.js';

const value = z.string().regex(/^[a-z]+$/, 'expected small letters');
const schema = lookupOptions(ADDRESSES, value);
const ann = testMailbox('ann@example.org');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lookup-'));
});
afterEach(() => rm(folder, { recursive: true }));

function open(written: object) {
  const log: LogLine[] = [];
  const clock = new FakeClock();
  const services = { form: ADDRESSES, value, what: 'the table', clock, logger: recordingLogger(log) };
  return { lookup: openLookup(schema.parse(written), services), log, clock };
}

describe('a table in the configuration', () => {
  it('answers at once', () => {
    const { lookup } = open({ map: { 'Ann@example.org': 'a', 'example.net': 'n' } });
    expect(lookup.find(ann)).toEqual({ kind: 'found', value: 'a' });
    expect(lookup.find(testMailbox('x@example.net'))).toEqual({ kind: 'found', value: 'n' });
    expect(lookup.find(testMailbox('x@example.org'))).toEqual({ kind: 'none' });
  });

  it.each([
    [{ map: { 'not an address': 'a' } }, ['map', 'not an address']],
    [{ map: { 'ann@example.org': 'A' } }, ['map', 'ann@example.org']],
    [{ map: { 'ann@example.org': 'a', 'ANN@example.org': 'b' } }, ['map', 'ANN@example.org']],
    [{}, []],
    [{ map: {}, file: 'x' }, []],
    [{ http: { url: 'ftp://x.example/{key}' } }, ['http', 'url']],
    [{ http: { url: 'http://x.example/' } }, ['http', 'url']],
    [{ http: { url: 'http://{key}/' } }, ['http', 'url']],
    [{ http: { url: 'http://a:b@x.example/{key}' } }, ['http', 'url']],
    [{ http: { url: 'nonsense {key}' } }, ['http', 'url']],
  ])('%j is refused', (written, path) => {
    const result = schema.safeParse(written);
    expect(result.success).toBe(false);
    expect(result.error?.issues[0]?.path).toEqual(path);
  });

  it('POST needs no place for the key', () => {
    expect(schema.safeParse({ http: { url: 'http://x.example/', method: 'POST' } }).success).toBe(true);
  });
});

describe('a file', () => {
  const write = async (text: string) => {
    // As an editor does: another file in its place.
    await writeFile(join(folder, 'new'), text);
    await rename(join(folder, 'new'), join(folder, 'table'));
  };

  async function started(text: string, more: object = {}) {
    await write(text);
    const scene = open({ file: join(folder, 'table'), reloadInterval: '10s', ...more });
    await scene.lookup.start?.();
    return scene;
  }

  /** Lets an interval pass and waits for what the look at the file came to: file system calls are no timers. */
  async function look({ clock, log }: ReturnType<typeof open>, until = () => true) {
    await clock.advance(10_000);
    const looked = () => clock.pending === 1 && until();
    for (let i = 0; i < 5000 && !looked(); i++) await new Promise((resolve) => setImmediate(resolve));
    expect({ looked: looked(), log }).toMatchObject({ looked: true });
  }

  it('can tell nothing before it was read', async () => {
    const { lookup } = open({ file: join(folder, 'table') });
    expect(lookup.find(ann)).toEqual({ kind: 'failed' });
  });

  it.each(['ann@example.org', 'ann@example.org A\n', 'a b c\n'])(
    'that is wrong (%j) is an error at the start',
    async (text) => {
      await write(text);
      const { lookup } = open({ file: join(folder, 'table') });
      await expect(Promise.resolve().then(() => lookup.start?.())).rejects.toThrow(/table:1: expected/);
    },
  );

  it('that is not there is an error at the start', async () => {
    const { lookup } = open({ file: join(folder, 'none') });
    await expect(Promise.resolve().then(() => lookup.start?.())).rejects.toThrow('there is no such file');
  });

  it('is read again when it has changed, and no more once stopped', async () => {
    const scene = await started('ann@example.org a\n');
    const { lookup, log, clock } = scene;
    expect(lookup.find(ann)).toEqual({ kind: 'found', value: 'a' });
    await write('ann@example.org b\n');
    await look(scene, () => log.length > 0);
    expect(lookup.find(ann)).toEqual({ kind: 'found', value: 'b' });
    expect(log[0]).toMatchObject({ level: 'info', fields: { entries: 1 } });
    await appendFile(join(folder, 'table'), 'bob@example.org c\n');
    await look(scene, () => log.length > 1);
    expect(lookup.find(testMailbox('bob@example.org'))).toEqual({ kind: 'found', value: 'c' });
    await lookup.stop?.();
    expect(clock.pending).toBe(0);
  });

  it('keeps the old table while the new one is broken, and says so once', async () => {
    const scene = await started('ann@example.org a\n');
    const { lookup, log } = scene;
    await write('ann@example.org NO\n');
    await look(scene, () => log.length > 0);
    expect(log[0]).toMatchObject({ level: 'error' });
    expect(lookup.find(ann)).toEqual({ kind: 'found', value: 'a' });
    await look(scene);
    expect(log).toHaveLength(1);
    await rm(join(folder, 'table'));
    await look(scene, () => log.length > 1);
    expect(lookup.find(ann)).toEqual({ kind: 'found', value: 'a' });
    await write('ann@example.org c\n');
    await look(scene, () => log.length > 2);
    expect(lookup.find(ann)).toEqual({ kind: 'found', value: 'c' });
    await lookup.stop?.();
  });

  it('may be YAML whatever its name', async () => {
    const { lookup } = await started('ann@example.org: a\n', { format: 'yaml', reloadInterval: 0 });
    expect(lookup.find(ann)).toEqual({ kind: 'found', value: 'a' });
  });
});
