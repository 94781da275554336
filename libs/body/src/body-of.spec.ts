import { BodyAborted, isPromise } from '@mailverb/contract';
import fc from 'fast-check';
import { bodyOf, bodyOfHeld, collect, drain, heldBytes, prefixed, pump, unixLines } from './index.js';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const text = async (body: Parameters<typeof collect>[0]): Promise<string> =>
  Buffer.from(await collect(body)).toString('latin1');
const chunkings = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 12 });
const joined = (chunks: readonly Uint8Array[]): Buffer => Buffer.concat(chunks);

async function* later(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield chunk;
}

describe('bodyOf', () => {
  it('reads a sync iterable without a promise', () => {
    const body = bodyOf([bytes('ab'), bytes('c')]);
    expect(body.read()).toEqual(bytes('ab'));
    expect(body.read()).toEqual(bytes('c'));
    expect(body.read()).toBeUndefined();
    expect(body.read()).toBeUndefined();
    expect(body.held).toBeUndefined();
  });

  it('reads an async iterable with promises', async () => {
    const body = bodyOf(later([bytes('ab')]));
    const first = body.read();
    expect(isPromise(first)).toBe(true);
    expect(await first).toEqual(bytes('ab'));
    expect(await body.read()).toBeUndefined();
  });

  it('gives a body back as it is', () => {
    const body = bodyOf([]);
    expect(bodyOf(body)).toBe(body);
  });

  it('can be iterated, and ends the generator behind it when the reader leaves early', async () => {
    for (const make of [(g: Generator<Uint8Array>) => bodyOf(g), (g: Generator<Uint8Array>) => bodyOf(later(g))]) {
      let ended = false;
      const source = (function* () {
        try {
          yield bytes('a');
          yield bytes('b');
        } finally {
          ended = true;
        }
      })();
      const seen: Uint8Array[] = [];
      for await (const chunk of make(source)) {
        seen.push(chunk);
        break;
      }
      expect(seen).toEqual([bytes('a')]);
      await Promise.resolve();
      expect(ended).toBe(true);
    }
  });

  it('passes errors on, thrown or rejected', async () => {
    const broken = bodyOf(
      (function* () {
        yield bytes('a');
        throw new BodyAborted('gone');
      })(),
    );
    expect(() => drain(broken)).toThrow(BodyAborted);
    const rejecting = bodyOf(
      (async function* () {
        yield bytes('a');
        throw new BodyAborted('gone');
      })(),
    );
    await expect(drain(rejecting)).rejects.toThrow(BodyAborted);
    const iterated = (async () => {
      const body = bodyOf([]);
      body.read = () => {
        throw new BodyAborted('gone');
      };
      for await (const _ of body);
    })();
    await expect(iterated).rejects.toThrow(BodyAborted);
  });
});

describe('collect and drain', () => {
  it('give every byte, at any chunking, synchronously as far as the body is', async () => {
    await fc.assert(
      fc.asyncProperty(chunkings, fc.nat(12), async (chunks, syncUntil) => {
        const whole = joined(chunks);
        expect(collect(bodyOf(chunks))).toEqual(whole);
        expect(drain(bodyOf(chunks))).toBe(whole.length);
        expect(await collect(bodyOf(later(chunks)))).toEqual(whole);
        expect(await drain(bodyOf(later(chunks)))).toBe(whole.length);

        // A body that has some chunks now and some later, as a socket does.
        const mixed = () => {
          let at = 0;
          const body = bodyOf([]);
          body.read = () => {
            const chunk = chunks[at];
            at += 1;
            return at > syncUntil && at % 2 === 0 ? Promise.resolve(chunk) : chunk;
          };
          return body;
        };
        expect(await collect(mixed())).toEqual(whole);
        expect(await drain(mixed())).toBe(whole.length);
      }),
    );
  });

  it('copies each chunk, because it is only valid until the next is read', () => {
    const shared = new Uint8Array(2);
    const reused = bodyOf(
      (function* () {
        for (const pair of ['ab', 'cd', 'ef']) {
          shared.set(bytes(pair));
          yield shared;
        }
      })(),
    );
    expect(collect(reused)).toEqual(bytes('abcdef'));
  });
});

describe('pump', () => {
  it('gives the sink every chunk in order, one at a time, whoever is slow', async () => {
    await fc.assert(
      fc.asyncProperty(
        chunkings,
        fc.array(fc.boolean(), { minLength: 1 }),
        fc.boolean(),
        async (chunks, slow, async) => {
          const seen: Uint8Array[] = [];
          let busy = 0;
          let turn = 0;
          await pump(async ? bodyOf(later(chunks)) : bodyOf(chunks), (chunk) => {
            expect(busy).toBe(0);
            turn += 1;
            if (slow[turn % slow.length] !== true) return void seen.push(chunk);
            busy += 1;
            return Promise.resolve().then(() => {
              busy -= 1;
              seen.push(chunk);
            });
          });
          expect(seen).toEqual(chunks);
        },
      ),
    );
  });

  it('is synchronous while body and sink are, and lets their errors pass', async () => {
    expect(pump(bodyOf([bytes('a'), bytes('b')]), () => undefined)).toBeUndefined();
    const full = () => {
      throw new Error('disk full');
    };
    expect(() => pump(bodyOf([bytes('a')]), full)).toThrow('disk full');
    await expect(pump(bodyOf(later([bytes('a')])), full)).rejects.toThrow('disk full');
    await expect(pump(bodyOf([bytes('a')]), () => Promise.reject(new Error('disk full')))).rejects.toThrow('disk full');
  });
});

describe('prefixed', () => {
  it('puts the prefix first and leaves the rest alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5 }), chunkings, async (prefix, chunks) => {
        const whole = joined([prefix, ...chunks]);
        expect(collect(prefixed(prefix, bodyOf(chunks)))).toEqual(whole);
        expect(await collect(prefixed(prefix, bodyOf(later(chunks))))).toEqual(whole);
      }),
    );
  });

  it('costs nothing without a prefix', () => {
    const body = bodyOf([]);
    expect(prefixed(new Uint8Array(0), body)).toBe(body);
  });

  it('keeps a held body held, with the prefix in its size and bytes', async () => {
    const body = prefixed(bytes('A: b\r\n'), prefixed(bytes('C: d\r\n'), bodyOfHeld(heldBytes(bytes('\r\nhi')))));
    const { held } = body;
    expect(held?.size).toBe(16);
    for (let i = 0; i < 2; i += 1) {
      const opened = held?.open();
      expect(opened && (await text(opened))).toBe('A: b\r\nC: d\r\n\r\nhi');
      expect(opened?.held?.size).toBe(16);
    }
    expect(await text(body)).toBe('A: b\r\nC: d\r\n\r\nhi');
  });

  it('does not claim to be held over a body that streams', () => {
    expect(prefixed(bytes('x'), bodyOf([])).held).toBeUndefined();
  });
});

describe('held bytes', () => {
  it('can be opened again and again, and read at once', async () => {
    const held = heldBytes(bytes('message'));
    const [a, b] = [held.open(), held.open()];
    expect(a.read()).toEqual(bytes('message'));
    expect(b.read()).toEqual(bytes('message'));
    expect(a.read()).toBeUndefined();
    expect(a.held).toBe(held);
    expect(await text(bodyOfHeld(held))).toBe('message');
  });

  it('is opened only when it is read', () => {
    const open = jest.fn(() => bodyOf([]));
    const body = bodyOfHeld({ size: 0, open });
    expect(open).not.toHaveBeenCalled();
    body.read();
    body.read();
    expect(open).toHaveBeenCalledTimes(1);
  });
});

describe('unixLines', () => {
  it('makes LF of CRLF and leaves everything else, at any cut', async () => {
    const text = fc.array(fc.constantFrom('\r', '\n', '\r\n', 'a', ''), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(text, async (parts) => {
        const chunks = parts.map(bytes);
        const expected = Buffer.from(parts.join('').replaceAll('\r\n', '\n'), 'latin1');
        expect(Buffer.from(await collect(unixLines(bodyOf(chunks))))).toEqual(expected);
        expect(Buffer.from(await collect(unixLines(bodyOf(later(chunks)))))).toEqual(expected);
      }),
    );
  });

  it('changes no byte of the chunks that it reads, which others may be reading too', () => {
    const chunk = bytes('a\r\nb');
    drain(unixLines(bodyOf([chunk])));
    expect(chunk).toEqual(bytes('a\r\nb'));
  });
});
