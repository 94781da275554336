/** What is shown and changed beside servers: each change in one step, and nothing that is not there. */
import { FakeClock } from '@mailverb/testing';
import { Desk, type Written } from './desk.fixture.js';
import { GreylistRecords } from './greylist-records.js';
import { greylistOptions } from './greylist.options.js';
import { LateStore, MapStore } from './store.fixture.js';

const HOUR = 3_600_000;

function scene(options: Written = {}, late = false) {
  const clock = new FakeClock();
  const shared = new MapStore(clock);
  const store = late ? new LateStore(shared) : shared;
  const desk = new Desk(options, clock, store);
  const records = new GreylistRecords(greylistOptions.parse(options), store, clock);
  return { clock, desk, records, shared };
}

function tripleOf(records: GreylistRecords, sender = 'ann@example.net') {
  const triple = records.tripleOf('192.0.2.1', sender, 'user@example.org');
  if (typeof triple === 'string') throw new Error(triple);
  return triple;
}

async function all<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

describe('GreylistRecords', () => {
  it('shows triples and networks, and no values of others', async () => {
    const { clock, desk, records, shared } = scene({ autoAllow: { after: 5 } });
    const start = clock.now();
    shared.set('another', Uint8Array.from({ length: 100 }), HOUR);
    await desk.ask();
    await clock.advance(HOUR);
    await desk.ask();
    await desk.ask({ sender: null });
    await desk.policy.stop();
    expect(await all(records.triples())).toEqual([
      {
        network: '192.0.2.0/24',
        sender: 'ann@example.net',
        recipient: 'user@example.org',
        state: { passed: true, since: start, used: start + HOUR },
      },
      expect.objectContaining({ sender: '<>', state: { passed: false, since: start + HOUR, used: start + HOUR } }),
    ]);
    expect(await all(records.networks())).toEqual([
      { network: '192.0.2.0/24', state: { passed: 1, used: start + HOUR } },
    ]);
    expect(await records.days()).toEqual([
      { day: '2026-01-01', counts: expect.objectContaining({ new: 2, passed: 1 }) as unknown },
    ]);
    await clock.advance(24 * HOUR);
    expect(await all(records.triples())).toHaveLength(1);
    expect((await records.days()).map(({ day }) => day)).toEqual(['2026-01-01']);
  });

  it('releases who waits, once, and nobody who is not known or too late', async () => {
    const { clock, desk, records } = scene({}, true);
    expect(await records.release(tripleOf(records))).toBe(false);
    expect(await desk.heard()).toBe('defer: new');
    const released = await Promise.all(Array.from({ length: 10 }, () => records.release(tripleOf(records))));
    expect(released.filter(Boolean)).toHaveLength(1);
    expect(await desk.heard()).toBe('pass: known');
    await desk.ask({ sender: 'bob@example.net' });
    await clock.advance(25_000_001);
    expect(await records.release(tripleOf(records, 'bob@example.net'))).toBe(false);
  });

  it('lets pass who is allowed, from its last use on, like any other', async () => {
    const { clock, desk, records } = scene();
    await records.allow(tripleOf(records));
    await clock.advance(3_000_000_000);
    expect(await desk.heard()).toBe('pass: known');
    await clock.advance(3_000_000_000 + HOUR + 1);
    expect(await desk.heard()).toBe('defer: new');
    await records.allow(tripleOf(records));
    await records.forget(tripleOf(records));
    expect(await desk.heard()).toBe('defer: new');
  });

  it('finds the triple that the policy keeps', async () => {
    const { desk, records } = scene({ ipv4Prefix: 20, ipv6Prefix: 48, foldLocal: false });
    for (const [client, sender] of [
      ['192.0.2.1', 'Ann@Example.net'],
      ['2001:db8:1:2::3', '<>'],
      ['local', 'b\u00fccher@b\u00fccher.example'],
    ] as const) {
      const triple = records.tripleOf(client, sender, 'User@EXAMPLE.org');
      if (typeof triple === 'string') throw new Error(triple);
      await records.allow(triple);
      const asked = { client: client === 'local' ? '' : client, sender: sender === '<>' ? null : sender };
      expect(await desk.heard({ ...asked, recipient: 'User@example.org' })).toBe('pass: known');
    }
    expect(records.tripleOf('192.0.0.0/20', '<>', 'a@b.example')).toMatchObject({ network: '192.0.0.0/20' });
    expect(records.tripleOf('192.0.2.0/24', '<>', 'a@b.example')).toContain('client');
  });

  it('says where it can not list', async () => {
    expect(scene().records.canList).toBe(true);
    const { records } = scene({}, true);
    expect(records.canList).toBe(false);
    expect(await all(records.triples())).toEqual([]);
  });
});
