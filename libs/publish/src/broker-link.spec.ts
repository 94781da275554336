import { FakeClock, recordingLogger, settle, type LogLine } from '@mailverb/testing';
import { BrokerLink, PublishError, type BrokerConnection, type Dial } from './index.js';
import { handle } from './publish.fixture.js';

const OPTIONS = { connectTimeout: 10_000, reconnectAfter: 200, reconnectAtMost: 1000 };

function connection() {
  const lost = handle<unknown>();
  const made = { lost: lost.promise, closed: false, close: async () => void (made.closed = true) };
  return { made, lose: lost.resolve };
}

function link(dial: Dial<BrokerConnection>) {
  const clock = new FakeClock();
  const log: LogLine[] = [];
  const dials: AbortSignal[] = [];
  const counted = (signal: AbortSignal) => {
    dials.push(signal);
    return dial(signal);
  };
  return { link: new BrokerLink('test', counted, OPTIONS, clock, recordingLogger(log)), clock, log, dials };
}

const levels = (log: readonly LogLine[]) => log.map(({ level }) => level);

it('gives the connection that it has made, and closes it', async () => {
  const { made } = connection();
  const under = link(async () => made);
  expect(under.link.trouble).toBeInstanceOf(PublishError);
  await under.link.start();
  expect([under.link.connection, under.link.trouble]).toEqual([made, undefined]);
  await under.link.stop();
  expect([made.closed, under.clock.pending]).toEqual([true, 0]);
  expect(() => under.link.connection).toThrow('no connection');
});

it('starts without a broker, tries again after pauses that grow, and tells an outage once', async () => {
  let up = false;
  const { made } = connection();
  const under = link(() => (up ? Promise.resolve(made) : Promise.reject(new Error('refused'))));
  await under.link.start();
  expect(under.link.trouble).toMatchObject({ fault: 'unavailable', cause: new Error('refused') });
  // 200, 400, 800, then a second each.
  await under.clock.advance(200 + 400 + 800 + 1000 + 1000);
  expect(under.dials).toHaveLength(6);
  up = true;
  await under.clock.advance(1000);
  expect(under.link.connection).toBe(made);
  expect(levels(under.log)).toEqual(['warn', ...Array(5).fill('debug'), 'info']);
  await under.link.stop();
  expect(under.clock.pending).toBe(0);
});

it('makes a lost connection anew, soon if it had lived for long, and later if it dies at once', async () => {
  const made = Array.from({ length: 5 }, connection);
  const under = link(async () => made[under.dials.length - 1]!.made);
  await under.link.start();
  await under.clock.advance(5000);
  made[0]?.lose(new Error('reset'));
  await settle();
  expect(() => under.link.connection).toThrow(PublishError);
  await under.clock.advance(199);
  expect(under.dials).toHaveLength(1);
  await under.clock.advance(1);
  expect(under.link.connection).toBe(made[1]?.made);
  made[1]?.lose(undefined);
  await settle();
  await under.clock.advance(399);
  expect(under.dials).toHaveLength(2);
  await under.clock.advance(1);
  expect(under.dials).toHaveLength(3);
  await under.link.stop();
  expect([made[2]?.made.closed, under.clock.pending]).toEqual([true, 0]);
});

it('does not wait for ever, and closes what comes too late', async () => {
  const late = handle<BrokerConnection>();
  const { made } = connection();
  const under = link(() => late.promise);
  const started = under.link.start();
  await under.clock.advance(10_000);
  await started;
  expect(under.dials[0]?.aborted).toBe(true);
  expect(under.link.trouble?.cause).toEqual(new Error('there was no connection in time'));
  late.resolve(made);
  await settle();
  expect(made.closed).toBe(true);
  expect(() => under.link.connection).toThrow(PublishError);
  await under.link.stop();
});

it('stops while it dials, and while it pauses', async () => {
  const never = link(() => new Promise(() => undefined));
  const started = never.link.start();
  await settle();
  await never.link.stop();
  await started;
  expect([never.clock.pending, never.log]).toEqual([0, []]);
  const pausing = link(() => Promise.reject(new Error('refused')));
  await pausing.link.start();
  await pausing.link.stop();
  await pausing.clock.advance(60_000);
  expect([pausing.dials.length, pausing.clock.pending]).toEqual([1, 0]);
});
