import { bodyOf } from '@mailverb/body';
import { deliver, describeDelivery, openDelivery, settle, testEnvelope, testMailbox } from '@mailverb/testing';
import { PublishError, type Publication } from './index.js';
import { handle, publishing } from './publish.fixture.js';

describeDelivery('publishing', () => publishing());
describeDelivery('publishing one message for each recipient', () => publishing({ recipientsPerMessage: 1 }));

const BYTES = Buffer.from('Subject: x\r\n\r\n\0\xff\r\n', 'latin1');
const ANN = 'ann@example.org';
const said = (sent: { outcomes: readonly { reply: unknown }[] }) => sent.outcomes.map(({ reply }) => String(reply));
const to = ({ headers }: Publication): unknown => {
  const json = headers.get('Mailverb-Envelope');
  return (JSON.parse(String(json)) as { to: { address: string }[] }).to.map(({ address }) => address);
};

describe('a publication', () => {
  it('is made of the envelope and the octets as they are', async () => {
    const { strategy, publisher } = publishing({ target: 'mail.{domain}' });
    const sent = await deliver(strategy, [ANN], BYTES);
    expect(said(sent)).toEqual([`250 2.0.0 Ok: published as ${sent.envelope.id}`]);
    const [one, ...more] = publisher.kept;
    expect(more).toEqual([]);
    expect(one?.target).toBe('mail.example_org');
    expect(one?.id).toMatch(/^test-\d+-[0-9a-f]{32}$/);
    expect(Buffer.from(one?.body ?? []).equals(BYTES)).toBe(true);
    expect(strategy.durability).toBe('remote');
  });

  it('is one for all recipients of a target, and one more beyond so many', async () => {
    const { strategy, publisher } = publishing({ target: '{domain}', recipientsPerMessage: 2 });
    const all = ['a@x.example', 'b@y.example', 'c@x.example', 'd@x.example', 'e@y.example'];
    const sent = await deliver(strategy, all, BYTES);
    expect(publisher.kept.map((one) => [one.target, to(one)])).toEqual([
      ['x_example', ['a@x.example', 'c@x.example']],
      ['y_example', ['b@y.example', 'e@y.example']],
      ['x_example', ['d@x.example']],
    ]);
    expect(sent.outcomes.map((o) => [o.recipient.mailbox.address, o.reply.code])).toEqual(all.map((a) => [a, 250]));
    expect(new Set(publisher.kept.map(({ id }) => id)).size).toBe(3);
  });

  it('has an envelope of a bounded size, whatever the recipients bring with them', async () => {
    const { strategy, publisher } = publishing();
    const { transaction } = await openDelivery(strategy, []);
    for (let i = 0; i < 100; i++) {
      const ORCPT = { type: 'rfc822', address: `${'\u{1f600}'.repeat(120)}@${i}` };
      await transaction.recipient({ mailbox: testMailbox(`r${i}@example.org`), parameters: { ORCPT } });
    }
    await transaction.body(bodyOf([BYTES]));
    expect((await transaction.commit()).map((o) => o.reply.code)).toEqual(Array(100).fill(250));
    expect(publisher.kept.length).toBeGreaterThan(2);
    for (const { headers } of publisher.kept) {
      expect(String(headers.get('Mailverb-Envelope')).length).toBeLessThan(30_000);
    }
    expect(publisher.kept.flatMap(to)).toEqual(Array.from({ length: 100 }, (_, i) => `r${i}@example.org`));
  });

  it('has an id that is the same for the same, and another for whatever differs', async () => {
    const id = async (options: object, address = ANN, bytes = BYTES, from = 'me@example.net', envelope = 'e1') => {
      const { strategy, publisher } = publishing(options);
      const made = { id: envelope, reversePath: testMailbox(from) };
      await deliver(strategy, [address], bytes, { envelope: made });
      return publisher.kept[0]?.id;
    };
    const first = await id({});
    expect(await id({})).toBe(first);
    const others = await Promise.all([
      id({ target: 'other' }),
      id({}, 'bob@example.org'),
      id({}, ANN, Buffer.from('y\r\n')),
      id({}, ANN, BYTES, 'srs@example.net'),
      id({}, ANN, BYTES, 'me@example.net', 'e2'),
    ]);
    expect(new Set([first, ...others]).size).toBe(6);
  });
});

describe('a broker that fails', () => {
  it.each([
    ['unavailable', '451 4.4.1'],
    ['unconfirmed', '451 4.4.2'],
    ['unroutable', '451 4.4.4'],
    ['too-large', '552 5.3.4'],
  ] as const)('%s: %s, and the log knows why', async (fault, expected) => {
    const { strategy, publisher, log, clock } = publishing({}, () => {
      throw new PublishError(fault, 'secret cause');
    });
    const sent = await deliver(strategy, [ANN, 'bob@example.org'], BYTES);
    for (const reply of said(sent)) expect(reply).toContain(expected);
    expect(said(sent).join()).not.toContain('secret cause');
    expect(log.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'test: a message could not be published'],
    ]);
    expect(log[0]?.fields['error']).toMatchObject({ fault, message: 'secret cause' });
    expect([publisher.kept, clock.pending, strategy.inFlight]).toEqual([[], 0, 0]);
  });

  it('in a way that nobody knows: 451', async () => {
    const { strategy } = publishing({}, () => Promise.reject(new TypeError('x is no function')));
    expect(said(await deliver(strategy, [ANN], BYTES))[0]).toContain('451 4.4.2');
  });

  it('for one of several: the others are confirmed, and each recipient hears of his own', async () => {
    const { strategy, publisher } = publishing({ target: '{domain}' }, ({ target }) =>
      target === 'bad_example' ? Promise.reject(new PublishError('unconfirmed', 'nack')) : undefined,
    );
    const sent = await deliver(strategy, ['a@x.example', 'b@bad.example', 'c@y.example'], BYTES);
    expect(sent.outcomes.map((o) => o.reply.code)).toEqual([250, 451, 250]);
    expect(publisher.kept.map(({ target }) => target)).toEqual(['x_example', 'y_example']);
  });

  it('before the message is sent: each recipient is deferred, the log told once, and nothing is asked of it', async () => {
    const { strategy, publisher, log } = publishing();
    publisher.trouble = new PublishError('unavailable', 'it is down');
    const { refused, taken } = await deliver(strategy, [ANN, 'bob@example.org'], BYTES);
    expect([...refused.values()].map(String)).toEqual(Array(2).fill(expect.stringContaining('451 4.4.1')));
    expect([taken, publisher.asked, log.length]).toEqual([[], [], 1]);
  });

  it('by saying nothing: 451 when the time is over, and it counts as in flight until it has said something', async () => {
    const silent = handle();
    const { strategy, publisher, clock } = publishing({ timeout: '30s' }, () => silent.promise);
    const sending = deliver(strategy, [ANN], BYTES);
    await clock.advance(29_999);
    expect(publisher.asked).toHaveLength(1);
    await clock.advance(1);
    expect(said(await sending)[0]).toContain('451 4.4.2');
    expect([clock.pending, strategy.inFlight]).toEqual([0, 1]);
    silent.resolve();
    await settle();
    expect(strategy.inFlight).toBe(0);
  });

  it('while the client goes: nobody waits, and what has not begun does not begin', async () => {
    const gone = new AbortController();
    const silent = handle();
    const { strategy, publisher, clock } = publishing({ recipientsPerMessage: 1 }, () => silent.promise);
    const all = Array.from({ length: 20 }, (_, i) => `r${i}@example.org`);
    const sending = deliver(strategy, all, BYTES, { context: { signal: gone.signal } });
    await settle();
    expect(publisher.asked).toHaveLength(16);
    gone.abort();
    const sent = await sending;
    expect(sent.outcomes.map((o) => o.reply.code)).toEqual(Array(20).fill(451));
    expect(publisher.asked).toHaveLength(16);
    expect(clock.pending).toBe(0);
    silent.resolve();
    await settle();
    expect(strategy.inFlight).toBe(0);
  });
});

describe('limits', () => {
  const LARGE = Buffer.alloc(2000, 'x');

  it('a message that is too large is refused: held, streaming, by its SIZE, by what the broker says', async () => {
    const { strategy, publisher } = publishing({ maxSize: '1000B' });
    const refused = { reply: expect.objectContaining({ code: 552, enhanced: '5.3.4' }) };
    await expect(deliver(strategy, [ANN], LARGE)).rejects.toMatchObject(refused);
    await expect(deliver(strategy, [ANN], bodyOf([LARGE, LARGE]))).rejects.toMatchObject(refused);
    const early = await deliver(strategy, [ANN], LARGE, { envelope: { parameters: { SIZE: 1001 } } });
    expect([...early.refused.values()].map(String)).toEqual([expect.stringContaining('the limit is 1000 octets')]);
    publisher.maxOctets = 10;
    await expect(deliver(strategy, [ANN], BYTES)).rejects.toMatchObject(refused);
    expect(publisher.asked).toEqual([]);
    publisher.maxOctets = 1e9;
    await expect(deliver(strategy, [ANN], LARGE)).rejects.toMatchObject(refused);
    expect(said(await deliver(strategy, [ANN], Buffer.alloc(1000)))[0]).toMatch(/^250/);
  });

  it('more messages than may be in flight wait for their turn, and are deferred when it does not come', async () => {
    const confirms = [handle(), handle()];
    let next = 0;
    const { strategy, publisher, clock, log } = publishing(
      { maxInFlight: 1, waitTimeout: '5s' },
      () => confirms[next++]?.promise ?? undefined,
    );
    const first = deliver(strategy, [ANN], BYTES);
    await settle();
    const second = deliver(strategy, [ANN], BYTES);
    const third = deliver(strategy, [ANN], BYTES).catch((error: { reply: unknown }) => String(error.reply));
    await settle();
    expect(publisher.asked).toHaveLength(1);
    confirms[0]?.resolve();
    expect(said(await first)[0]).toMatch(/^250/);
    await settle();
    expect(publisher.asked).toHaveLength(2);
    await clock.advance(5000);
    expect(await third).toContain('451 4.4.5');
    confirms[1]?.resolve();
    expect(said(await second)[0]).toMatch(/^250/);
    expect([clock.pending, strategy.inFlight, publisher.kept.length, log.length]).toEqual([0, 0, 2, 0]);
  });

  it('no address that the headers cannot say is published under another name', async () => {
    // What turns the direction of writing: RFC 6531 has nothing against it.
    const strange = 'a\u202eb@example.org';
    const { strategy, publisher } = publishing({ envelope: 'headers' });
    const sent = await deliver(strategy, [strange, ANN], BYTES);
    expect(String(sent.refused.get(strange))).toContain('553 5.1.3');
    expect(publisher.kept.map(({ headers }) => headers.get('Mailverb-To'))).toEqual([[ANN]]);
    const json = publishing();
    await deliver(json.strategy, [strange], BYTES);
    expect(json.publisher.kept.map(to)).toEqual([[strange]]);
  });

  it('no address is published whose target would be too long', async () => {
    const long = `${'\u00e4'.repeat(30)}@${'x'.repeat(60)}.${'y'.repeat(60)}.example`;
    const { strategy } = publishing({ target: '{local}.{domain}' });
    const sent = await deliver(strategy, [long, ANN], BYTES);
    expect(String(sent.refused.get(long))).toContain('553 5.1.3');
    expect(sent.outcomes.map((o) => o.reply.code)).toEqual([250]);
  });
});

it('publishes nothing when the transaction is aborted while it waits for its turn', async () => {
  const silent = handle();
  const { strategy, publisher } = publishing({ maxInFlight: 1 }, () => silent.promise);
  const first = deliver(strategy, [ANN], BYTES);
  await settle();
  const { transaction } = await openDelivery(strategy, [ANN], { envelope: testEnvelope() });
  await transaction.body(bodyOf([BYTES]));
  const commit = Promise.resolve(transaction.commit()).catch((error: Error) => error.name);
  await settle();
  await transaction.abort('test');
  silent.resolve();
  expect(await commit).toBe('BodyAborted');
  await first;
  expect([publisher.asked.length, strategy.inFlight]).toEqual([1, 0]);
});
