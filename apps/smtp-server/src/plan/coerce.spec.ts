import { z } from 'zod';
import { coerceReferences } from './coerce.js';

const schema = z.strictObject({
  port: z.int(),
  ratio: z.number().optional(),
  on: z.boolean().optional(),
  password: z.string().optional(),
  list: z.array(z.strictObject({ n: z.number() })).optional(),
});
const whole = (text: string) => ({ text, whole: true });
const part = (text: string) => ({ text, whole: false });

describe('values of references', () => {
  it('are numbers and booleans where the schema wants them, and text where it wants text', async () => {
    const value = { port: '2525', ratio: '-1.5', on: 'false', password: '12345', list: [{ n: '7' }] };
    const referenced = new Map([
      ['here.port', whole('2525')],
      ['here.ratio', whole('-1.5')],
      ['here.on', whole('false')],
      ['here.password', whole('12345')],
      ['here.list[0].n', whole('7')],
    ]);
    expect(await coerceReferences(value, 'here', schema, referenced)).toEqual({
      port: 2525,
      ratio: -1.5,
      on: false,
      password: '12345',
      list: [{ n: 7 }],
    });
  });

  it('stay text if they are only a part of it, or no number', async () => {
    const referenced = new Map([
      ['port', part('25')],
      ['ratio', whole('0x10')],
      ['on', whole('yes')],
    ]);
    const value = { port: '25', ratio: '0x10', on: 'yes' };
    expect(await coerceReferences(value, '', schema, referenced)).toBe(value);
  });

  it('what was written as text is not touched', async () => {
    const value = { port: '25', password: 'x' };
    expect(await coerceReferences(value, '', schema, new Map([['password', whole('x')]]))).toBe(value);
  });
});
