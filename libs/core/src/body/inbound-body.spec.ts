/** What is pushed is what is read: once, in order, whoever is faster, to the end or to an abort. */
import { BodyAborted, isPromise } from '@mailverb/contract';
import fc from 'fast-check';
import { settle } from '../fixtures/clock.fixture.js';
import { InboundBody } from './inbound-body.js';

function body(): { readonly inbound: InboundBody; readonly hungry: () => number } {
  let hungry = 0;
  const inbound = new InboundBody({ hungry: () => (hungry += 1) });
  return { inbound, hungry: () => hungry };
}

const bytes = (n: number) => Uint8Array.of(n);

describe('InboundBody', () => {
  it('gives all that was pushed, in order, and then its end, at any pace of both', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('push', 'read', 'turn'), { maxLength: 40 }), async (steps) => {
        const { inbound } = body();
        const read: (Uint8Array | undefined)[] = [];
        let reading = false;
        let pushed = 0;
        const take = () => {
          if (reading) return;
          const next = inbound.read();
          if (!isPromise(next)) return void read.push(next);
          reading = true;
          void Promise.resolve(next).then((chunk) => {
            reading = false;
            read.push(chunk);
          });
        };
        for (const step of steps) {
          if (step === 'push') inbound.push(bytes(++pushed));
          else if (step === 'read') take();
          else await Promise.resolve().then(() => {});
        }
        inbound.end();
        await settle(1);
        while (read.at(-1) !== undefined || read.length === 0) take();
        expect(read).toEqual([...Array.from({ length: pushed }, (_, i) => bytes(i + 1)), undefined]);
        expect(inbound.consumed).toBe(true);
        expect(inbound.read()).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  it('answers at once if something is here, and asks for more if nothing is', async () => {
    const { inbound, hungry } = body();
    inbound.push(bytes(1));
    expect(inbound.full).toBe(true);
    expect(inbound.read()).toEqual(bytes(1));
    expect(inbound.full).toBe(false);
    expect(hungry()).toBe(0);
    const next = inbound.read();
    expect(hungry()).toBe(1);
    inbound.push(bytes(2));
    expect(inbound.full).toBe(false);
    expect(await next).toEqual(bytes(2));
  });

  it('is consumed when the reader has been told of the end, and not before', async () => {
    const { inbound } = body();
    inbound.push(bytes(1));
    inbound.end();
    expect(inbound.consumed).toBe(false);
    void inbound.read();
    expect(inbound.consumed).toBe(false);
    void inbound.read();
    expect(inbound.consumed).toBe(true);
    const waiting = body().inbound;
    const end = waiting.read();
    waiting.end();
    expect(waiting.consumed).toBe(true);
    expect(await end).toBeUndefined();
  });

  it('aborted, tells the reader at once, and drops what was not read', async () => {
    const { inbound } = body();
    const waiting = inbound.read();
    inbound.abort('client has gone');
    inbound.abort('again');
    await expect(waiting).rejects.toThrow(new BodyAborted('client has gone'));
    inbound.push(bytes(1));
    inbound.end();
    expect(inbound.full).toBe(false);
    expect(() => inbound.read()).toThrow(BodyAborted);
    const unread = body().inbound;
    unread.push(bytes(1));
    unread.push(bytes(2));
    unread.end();
    unread.abort('too late for the reader');
    expect(unread.full).toBe(false);
    expect(() => unread.read()).toThrow(BodyAborted);
  });

  it('that was read to its end cannot be aborted any more', () => {
    const { inbound } = body();
    inbound.end();
    void inbound.read();
    inbound.abort('transaction is over');
    expect(inbound.read()).toBeUndefined();
  });

  it('refuses two readers: one of them would wait for ever', () => {
    const { inbound } = body();
    void inbound.read();
    expect(() => inbound.read()).toThrow('one reader');
  });

  it('can be iterated', async () => {
    const { inbound } = body();
    const seen: number[] = [];
    const reading = (async () => {
      for await (const chunk of inbound) seen.push(chunk[0] ?? 0);
    })();
    inbound.push(bytes(1));
    inbound.push(bytes(2));
    await settle(1);
    inbound.push(bytes(3));
    inbound.end();
    await reading;
    expect(seen).toEqual([1, 2, 3]);
  });
});
