import { bodyOf, bodyOfHeld } from '@mailverb/body';
import type { Body } from '@mailverb/contract';
import { deliver, openDelivery, testContext } from '@mailverb/testing';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scene, type Scene } from './pipe.fixture.js';

const TO = ['ann@example.org'];
const MESSAGE = Buffer.from('Subject: x\r\n\r\nx\r\n');
/** More than any pipe or socket takes by itself. */
const LARGE = Buffer.alloc(8_000_000, 'x\r\n');

const scenes: Scene[] = [];

async function start(...args: Parameters<typeof scene>): Promise<Scene> {
  const made = await scene(...args);
  scenes.push(made);
  await made.strategy.start();
  return made;
}

afterEach(async () => {
  jest.restoreAllMocks();
  for (const one of scenes.splice(0)) {
    await one.strategy.stop();
    expect(await one.leftovers()).toEqual([]);
    expect(one.clock.pending).toBe(0);
    await one.cleanup();
  }
});

async function send(at: Scene, message: Body | Uint8Array = MESSAGE, to = TO): Promise<string[]> {
  const { outcomes } = await deliver(at.strategy, to, message);
  return outcomes.map(({ reply }) => String(reply));
}

const first = (replies: readonly string[]): string | undefined => replies[0]?.split(' ', 2).join(' ');

/** A transaction that has been told to commit, and the file `started` that its program makes when it runs. */
async function underway(at: Scene, signal = new AbortController().signal) {
  const { transaction } = await openDelivery(at.strategy, TO, { context: testContext(signal) });
  await transaction.body(bodyOfHeld({ size: MESSAGE.length, open: () => bodyOf([MESSAGE]) }));
  const commit = Promise.resolve(transaction.commit());
  const settled = commit.then(
    (outcomes) => outcomes.map(({ reply }) => String(reply)),
    (error: unknown) => (error instanceof Error ? error.name : 'something else'),
  );
  await at.until('started');
  return { transaction, settled };
}

const HANG = 'echo $$ > "$FOLDER/started"; exec sleep 1000';

describe('exit codes', () => {
  it.each([
    [0, '250 2.0.0', '250 2.0.0'],
    [1, '451 4.3.0', '554 5.3.0'],
    [64, '451 4.3.0', '554 5.3.0'],
    [65, '554 5.6.0', '554 5.6.0'],
    [66, '451 4.3.0', '554 5.3.0'],
    [67, '550 5.1.1', '550 5.1.1'],
    [68, '550 5.1.2', '550 5.1.2'],
    [69, '451 4.3.0', '554 5.3.0'],
    [70, '451 4.3.0', '554 5.3.0'],
    [71, '451 4.3.0', '451 4.3.0'],
    [72, '451 4.3.0', '554 5.3.0'],
    [73, '451 4.2.0', '554 5.2.0'],
    [74, '451 4.3.0', '554 5.3.0'],
    [75, '451 4.3.0', '451 4.3.0'],
    [76, '451 4.5.0', '554 5.5.0'],
    [77, '550 5.7.1', '550 5.7.1'],
    [78, '451 4.3.5', '554 5.3.5'],
    [127, '451 4.3.0', '554 5.3.0'],
  ])('%i is %s, or with failures: refuse %s', async (code, deferred, refused) => {
    const script = `cat > /dev/null; echo 'no such thing as /etc/x' >&2; exit ${code}`;
    for (const [failures, expected] of [['defer', deferred] as const, ['refuse', refused] as const]) {
      const at = await start({ failures }, script);
      const said = await send(at);
      expect(first(said)).toBe(expected);
      // What the program says is for the log.
      expect(said[0]).not.toContain('/etc/x');
      expect(at.log.filter(({ fields }) => fields['output'] === 'no such thing as /etc/x')).toHaveLength(1);
    }
  });

  it.each([
    ['5.2.2 mailbox full', 67, '550 5.2.2 mailbox full'],
    ['4.2.1  not\\033[1m now', 1, '451 4.2.1  not\x1b[1m now'],
    ['5.6.0', 65, '554 5.6.0 the message could not be delivered'],
    ['5.7.1 no\\r\\nsecond line', 1, '550 5.7.1 no'],
    ['2.0.0 well done', 75, '451 4.3.0 the message could not be delivered, try again later'],
    ['5.2.2-mailbox full', 75, '451 4.3.0 the message could not be delivered, try again later'],
    ['5.2.2 mailbox full', 0, '250 2.0.0 Ok: delivered as T1'],
  ])('and the first line %j with code %i make the reply %j', async (line, code, expected) => {
    for (const [outputReply, stream] of [
      [true, 1],
      [true, 2],
      [false, 1],
    ] as const) {
      const at = await start({ outputReply }, `cat > /dev/null; printf '${line}\\n' >&${stream}; exit ${code}`);
      const { outcomes } = await deliver(at.strategy, TO, MESSAGE, { envelope: { id: 'T1' } });
      const said = String(outcomes[0]?.reply);
      if (outputReply) expect(said).toBe(expected);
      else expect(said).not.toContain('mailbox full');
      expect(outcomes[0]?.reply.wire(true)).toMatch(/^[\x20-\x7e]+\r\n$/);
    }
  });

  it('of each recipient are its own', async () => {
    const at = await start({ each: 'recipient', args: ['{local}'] }, 'cat > /dev/null; exit $1');
    const codes = ['0', '67', '75', '0', '77'].map((code) => `${code}@example.org`);
    const said = await send(at, MESSAGE, codes);
    expect(said.map((one) => one.slice(0, 9))).toEqual([
      '250 2.0.0',
      '550 5.1.1',
      '451 4.3.0',
      '250 2.0.0',
      '550 5.7.1',
    ]);
  });
});

describe('a program that', () => {
  it.each(['KILL', 'SEGV', 'TERM'])('dies of SIG%s defers the message', async (signal) => {
    const at = await start({}, `cat > /dev/null; kill -${signal} $$; sleep 1000`);
    expect(first(await send(at))).toBe('451 4.3.0');
    expect(at.log.at(-1)).toMatchObject({ level: 'warn', fields: { signal: `SIG${signal}` } });
  });

  it('hangs is told to end after its time, with all that it has started', async () => {
    const at = await start({ timeout: '1m', killAfter: '5s' }, 'sleep 1000 & echo > "$FOLDER/started"; sleep 1000');
    const { settled } = await underway(at);
    await at.clock.advance(59_999);
    expect(await at.leftovers()).toHaveLength(3);
    await at.clock.advance(1);
    expect(first((await settled) as string[])).toBe('451 4.4.7');
    expect(await at.leftovers()).toEqual([]);
  });

  it('ends when it is told, leaves nobody behind who does not', async () => {
    const stubborn = `sh -c 'trap "" TERM; echo > "$FOLDER/started"; while :; do :; done' &`;
    const at = await start({ timeout: '1m', killAfter: '5s' }, `${stubborn} exec sleep 1000`);
    const { settled } = await underway(at);
    await at.clock.advance(60_000);
    // The one who holds the output open is not among those who are waited for.
    expect(first((await settled) as string[])).toBe('451 4.4.7');
    expect(await at.leftovers()).toEqual([]);
  });

  it('does not care is killed', async () => {
    const at = await start(
      { timeout: '1m', killAfter: '5s' },
      `trap '' TERM; echo > "$FOLDER/started"; while :; do :; done`,
    );
    const { settled } = await underway(at);
    await at.clock.advance(60_000);
    await at.clock.advance(4999);
    expect(await at.leftovers()).toHaveLength(1);
    await at.clock.advance(1);
    expect(first((await settled) as string[])).toBe('451 4.4.7');
  });

  it('is told to end, and says 0, is not believed', async () => {
    const script = `trap 'kill $!; exit 0' TERM; sleep 1000 & echo > "$FOLDER/started"; wait`;
    const at = await start({ timeout: '1m' }, script);
    const { settled } = await underway(at);
    await at.clock.advance(60_000);
    expect(first((await settled) as string[])).toBe('451 4.4.7');
  });

  it('runs when the transaction is aborted is gone when that returns', async () => {
    const at = await start({}, HANG);
    const { transaction, settled } = await underway(at);
    await transaction.abort('test');
    expect(await at.leftovers()).toEqual([]);
    expect(await settled).toBe('BodyAborted');
  });

  it('runs when the server gives up is ended', async () => {
    const at = await start({}, HANG);
    const gone = new AbortController();
    const { settled } = await underway(at, gone.signal);
    gone.abort();
    expect(await settled).toBe('BodyAborted');
  });

  it('runs when the server stops is ended', async () => {
    const at = await start({}, HANG);
    const { settled } = await underway(at);
    await at.strategy.stop();
    expect(await at.leftovers()).toEqual([]);
    expect(await settled).toBe('BodyAborted');
  });

  it('has done its work when the transaction is aborted has delivered, and only then', async () => {
    const script =
      'cat > /dev/null; if [ $1 = quick ]; then echo done; exit 0; fi; echo > "$FOLDER/started"; exec sleep 1000';
    const at = await start({ each: 'recipient', args: ['{local}'] }, script);
    const { transaction } = await openDelivery(at.strategy, ['quick@example.org', 'slow@example.org']);
    await transaction.body(bodyOfHeld({ size: MESSAGE.length, open: () => bodyOf([MESSAGE]) }));
    const commit = Promise.resolve(transaction.commit());
    await at.until('started');
    // The one has ended, and we know; the other runs.
    while (!at.log.some(({ fields }) => fields['output'] === 'done')) await at.clock.advance(0);
    await transaction.abort('test');
    expect((await commit).map(({ reply }) => String(reply).slice(0, 9))).toEqual(['250 2.0.0', '451 4.3.0']);
  });

  it.each(['yes', 'yes >&2', 'yes & yes >&2; wait'])('never stops talking (%s) has its pipe broken', async (talk) => {
    const at = await start({ maxOutput: '100kB' }, `cat > /dev/null; ${talk}; exit 75`);
    expect(first(await send(at, MESSAGE))).toBe('451 4.3.0');
    const last = at.log.at(-1);
    expect(last).toMatchObject({ level: 'warn', fields: { excessive: true } });
    expect(String(last?.fields['output']).length).toBeLessThanOrEqual(2048);
  });

  it('talks a lot, and reads later, does not stop for that', async () => {
    const at = await start({}, 'head -c 200000 /dev/zero; cat > "$FOLDER/new/$$"');
    expect(first(await send(at, LARGE))).toBe('250 2.0.0');
    expect((await at.stored())[0]?.equals(LARGE)).toBe(true);
  });

  it('leaves a child that holds its output open is judged by its own end, and the child is left alone', async () => {
    const at = await start({}, 'cat > /dev/null; echo said; (cat "$FOLDER/wait"; echo > "$FOLDER/new/late") & exit 0');
    const { promise, done } = watch(send(at));
    await mkfifo(at, 'wait');
    while (!done()) await at.clock.advance(50);
    expect(first(await promise)).toBe('250 2.0.0');
    expect(at.log.at(-1)).toMatchObject({ level: 'info', fields: { output: 'said' } });
    expect(await at.stored()).toEqual([]);
    await writeFile(join(at.folder, 'wait'), 'go');
    await at.until('new/late');
  });

  it('does not read, and says 0, is believed only if that was agreed', async () => {
    for (const [mayStopReading, expected] of [[false, '451 4.3.0'] as const, [true, '250 2.0.0'] as const]) {
      const at = await start({ mayStopReading }, 'exec <&-; exit 0');
      expect(first(await send(at, LARGE))).toBe(expected);
      expect(at.log.filter(({ level }) => level === 'warn').length).toBe(mayStopReading ? 0 : 1);
    }
  });

  it('does not read, and says no, is believed', async () => {
    const at = await start({}, 'exit 67');
    expect(first(await send(at, LARGE))).toBe('550 5.1.1');
  });

  it('reads slowly sets the pace', async () => {
    const at = await start({}, 'echo > "$FOLDER/started"; cat "$FOLDER/wait" > /dev/null; cat > "$FOLDER/new/$$"');
    await mkfifo(at, 'wait');
    let read = 0;
    const chunk = Buffer.alloc(65_536, 'x');
    const body = bodyOf(
      (function* () {
        for (; read < 1000; read++) yield chunk;
      })(),
    );
    const { transaction } = await openDelivery(at.strategy, TO);
    await transaction.body(bodyOfHeld({ size: 65_536_000, open: () => body }));
    const commit = Promise.resolve(transaction.commit());
    await at.until('started');
    await at.clock.advance(1000);
    expect(read).toBeLessThan(20);
    await writeFile(join(at.folder, 'wait'), 'go');
    expect((await commit).map(({ reply }) => reply.code)).toEqual([250]);
    expect((await at.stored())[0]?.length).toBe(65_536_000);
  });
});

describe('a message that', () => {
  it('can not be read is not taken for a short one', async () => {
    const at = await start({}, 'cat > "$FOLDER/new/whole" && exit 0');
    const body = bodyOfHeld({
      size: 10,
      open: () =>
        bodyOf(
          (function* () {
            yield Buffer.from('x');
            throw new Error('the disk is broken');
          })(),
        ),
    });
    expect(first(await send(at, body))).toBe('451 4.3.0');
    expect(at.log.at(-1)).toMatchObject({
      level: 'warn',
      fields: { stopped: 'unreadable', error: { message: 'the disk is broken' } },
    });
  });
});

describe('places', () => {
  it('are as many as configured, and a wait for one is bounded', async () => {
    const at = await start({ maxProcesses: 1, maxWait: '10s', each: 'recipient' }, HANG);
    const { transaction, settled } = await underway(at);
    const late = send(at);
    await at.clock.advance(9999);
    await at.clock.advance(1);
    expect(first(await late)).toBe('451 4.3.2');
    await transaction.abort('test');
    expect(await settled).toBe('BodyAborted');
  });

  it('go to who has waited longest, and nobody runs beside another', async () => {
    const script = 'set -C; : > "$FOLDER/lock" || exit 1; cat > "$FOLDER/new/$$"; rm "$FOLDER/lock"';
    const at = await start({ maxProcesses: 1, each: 'recipient' }, script);
    const to = Array.from({ length: 8 }, (_, i) => `u${i}@example.org`);
    expect((await send(at, MESSAGE, to)).map((one) => one.slice(0, 3))).toEqual(to.map(() => '250'));
    expect(await at.stored()).toHaveLength(8);
  });

  it('are not kept by who gives up waiting', async () => {
    const at = await start(
      { maxProcesses: 1 },
      'if [ -e "$FOLDER/started" ]; then cat > "$FOLDER/new/$$"; else echo > "$FOLDER/started"; exec sleep 1000; fi',
    );
    const { transaction } = await underway(at);
    const waiting = await openDelivery(at.strategy, TO);
    await waiting.transaction.body(bodyOfHeld({ size: MESSAGE.length, open: () => bodyOf([MESSAGE]) }));
    const commit = Promise.resolve(waiting.transaction.commit()).catch((error: Error) => error.name);
    await waiting.transaction.abort('test');
    expect(await commit).toBe('BodyAborted');
    await transaction.abort('test');
    expect(first(await send(at))).toBe('250 2.0.0');
  });
});

describe('the program', () => {
  it.each<[string, (at: Scene) => Promise<void>, string]>([
    ['is missing', (at) => rm(at.program), 'there is no program '],
    ['is a folder', (at) => rm(at.program).then(() => mkdir(at.program)), 'is no program but something else'],
    ['is not executable', (at) => chmod(at.program, 0o644), 'is not executable'],
  ])('that %s is told at the start', async (_what, spoil, words) => {
    const at = await scene();
    scenes.push(at);
    await spoil(at);
    await expect(at.strategy.start()).rejects.toThrow(words);
  });

  it.each([
    ['/no/such/directory', 'there is no directory /no/such/directory'],
    ['/etc/passwd', '/etc/passwd is no directory'],
    ['/etc/passwd/x', 'there is no directory /etc/passwd/x'],
  ])('has no directory %s', async (directory, words) => {
    const at = await scene({ directory });
    scenes.push(at);
    await expect(at.strategy.start()).rejects.toThrow(words);
  });

  it('that has gone since then defers messages', async () => {
    const at = await start();
    await rm(at.program);
    const [said] = await send(at);
    expect(said).toBe('451 4.3.0 the message could not be delivered, try again later');
    expect(at.log.at(-1)).toMatchObject({ level: 'warn', fields: { error: { code: 'ENOENT' } } });
  });

  it('with arguments that no system takes defers messages', async () => {
    const at = await start({ args: ['x'.repeat(3_000_000)] });
    expect(first(await send(at))).toBe('451 4.3.0');
    expect(at.log.at(-1)).toMatchObject({ level: 'warn', fields: { error: { code: 'E2BIG' } } });
  });

  it('may be somebody else only if root says so, and root is warned', async () => {
    const user = jest.spyOn(process, 'getuid').mockReturnValue(1000);
    const group = jest.spyOn(process, 'getgid').mockReturnValue(1000);
    for (const options of [{ uid: 0 }, { gid: 0 }, { uid: 1001, gid: 1000 }]) {
      const at = await scene(options);
      scenes.push(at);
      await expect(at.strategy.start()).rejects.toThrow('only root can run a program as');
    }
    expect((await start({ uid: 1000, gid: 1000 })).log).toEqual([]);
    user.mockReturnValue(0);
    group.mockReturnValue(0);
    expect((await start({ uid: 1000, gid: 1000 })).log).toEqual([]);
    expect((await start({ uid: undefined })).log).toMatchObject([{ level: 'warn' }]);
  });
});

function watch<T>(promise: Promise<T>): { readonly promise: Promise<T>; readonly done: () => boolean } {
  let over = false;
  const end = (): void => {
    over = true;
  };
  promise.then(end, end);
  return { promise, done: () => over };
}

/** A pipe with a name: reading from it waits until somebody writes. */
async function mkfifo(at: Scene, name: string): Promise<void> {
  const { spawnSync } = await import('node:child_process');
  spawnSync('mkfifo', [join(at.folder, name)]);
}
