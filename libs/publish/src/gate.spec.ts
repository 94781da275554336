import { FakeClock, settle } from '@mailverb/testing';
import { Gate } from './gate.js';

const never = new AbortController().signal;

function gate(messages: number, octets: number) {
  const clock = new FakeClock();
  return { gate: new Gate({ messages, octets, wait: 1000 }, clock), clock };
}

it('lets in as much as fits, the others in their order, and counts what leaves once', async () => {
  const under = gate(10, 100);
  const leave = await under.gate.enter(60, never);
  const order: string[] = [];
  const wait = (name: string, octets: number) =>
    under.gate.enter(octets, never).then((left) => {
      order.push(name);
      return left;
    });
  const large = wait('large', 80);
  // It would fit, but comes after one that does not.
  const small = wait('small', 10);
  await settle();
  expect(order).toEqual([]);
  leave?.();
  leave?.();
  await Promise.all([large, small]);
  expect([order, under.gate.inFlight, under.clock.pending]).toEqual([['large', 'small'], 2, 0]);
});

it('lets in what is larger than all, alone', async () => {
  const under = gate(10, 100);
  const leave = await under.gate.enter(1000, never);
  const next = under.gate.enter(0, never);
  await settle();
  expect(under.gate.inFlight).toBe(1);
  leave?.();
  (await next)?.();
  expect(under.gate.inFlight).toBe(0);
});

it('sends away who has waited for too long, or is wanted no more, and those behind him go on', async () => {
  const under = gate(10, 100);
  await under.gate.enter(60, never);
  const gone = new AbortController();
  const large = under.gate.enter(80, gone.signal);
  const small = under.gate.enter(40, never);
  gone.abort();
  expect(await large).toBeUndefined();
  expect(await small).toBeDefined();
  const late = under.gate.enter(1, never);
  await under.clock.advance(1000);
  expect(await late).toBeUndefined();
  expect(await under.gate.enter(1, gone.signal)).toBeUndefined();
  expect([under.gate.inFlight, under.clock.pending]).toEqual([2, 0]);
});
