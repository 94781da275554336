/** Transforms in their order, around any delivery, synchronous as long as they are. */
import { isPromise, type Body, type Transform } from '@mailverb/contract';
import { bodyOf, bodyOfHeld, collect, heldBytes } from '@mailverb/body';
import { freshSession } from '../fixtures/scene.fixture.js';
import { transformed, type NamedTransform } from './transform-chain.js';

const input = { session: freshSession(), envelope: { id: 't', reversePath: null, parameters: {}, recipients: [] } };
const bytes = (text: string) => Buffer.from(text);
const named = (...transforms: Transform[]): NamedTransform[] =>
  transforms.map((transform, i) => ({ name: `t${i}`, transform }));

async function text(body: Body): Promise<string> {
  return Buffer.from(await collect(body)).toString();
}

const wrap = (left: string, right: string): Transform => ({
  apply: async function* (body) {
    yield bytes(left);
    yield* body;
    yield bytes(right);
  },
});
const above = (line: string): Transform => ({ prepend: () => bytes(line) });
const aboveLater = (line: string): Transform => ({ prepend: () => Promise.resolve(bytes(line)) });

describe('transformed', () => {
  it('without transforms is the body itself', () => {
    const body = bodyOf([]);
    expect(transformed(body, [], input)).toBe(body);
  });

  it('applies in order; what is prepended later stands above, and is not shown to its own apply', async () => {
    const both: Transform = { ...wrap('(', ')'), ...above('both\n') };
    const chain = named(above('one\n'), wrap('<', '>'), both, above('two\n'));
    expect(await text(await transformed(bodyOf([bytes('hello')]), chain, input))).toBe('two\nboth\n(<one\nhello>)');
  });

  it('waits for those that are not synchronous, in their place, and for no others', async () => {
    const sync = transformed(bodyOf([]), named(above('one\n'), above('two\n')), input);
    expect(isPromise(sync)).toBe(false);
    const later = transformed(
      bodyOf([bytes('x')]),
      named(aboveLater('one\n'), above('two\n'), aboveLater('3\n')),
      input,
    );
    expect(isPromise(later)).toBe(true);
    expect(await text(await later)).toBe('3\ntwo\none\nx');
  });

  it('that gives nothing to prepend changes nothing', async () => {
    const body = bodyOf([bytes('x')]);
    expect(transformed(body, named({ prepend: () => undefined }, {}), input)).toBe(body);
    expect(await transformed(body, named({ prepend: () => Promise.resolve(undefined) }), input)).toBe(body);
  });

  it('keeps a held body held while only lines are put above it', async () => {
    const held = bodyOfHeld(heldBytes(bytes('hello')));
    const body = await transformed(held, named(above('one\n'), aboveLater('two\n')), input);
    expect(body.held?.size).toBe('two\none\nhello'.length);
    expect(await text(body.held?.open() ?? bodyOf([]))).toBe('two\none\nhello');
    expect((await transformed(held, named(wrap('(', ')')), input)).held).toBeUndefined();
  });

  it.each<[string, Transform]>([
    ['a promise for a body', { apply: () => Promise.reject(new Error('boom')) as never }],
    ['a text to prepend', { prepend: () => 'Received: x' as never }],
    ['a text later', { prepend: () => Promise.resolve('x') as never }],
    ['texts within', { apply: () => ['x'] as never }],
    ['nothing for a body', { apply: () => undefined as never }],
  ])('fails for %s', async (_, transform) => {
    const run = async () => text(await transformed(bodyOf([bytes('x')]), named(transform), input));
    await expect(run()).rejects.toThrow();
  });

  it('calls them as methods of their own object', async () => {
    class Own implements Transform {
      private readonly line = 'own\n';
      prepend() {
        return bytes(this.line);
      }
    }
    expect(await text(await transformed(bodyOf([]), named(new Own()), input))).toBe('own\n');
  });
});
