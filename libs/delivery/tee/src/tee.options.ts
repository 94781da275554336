/** Options of the delivery strategy tee. */
import { duration, nestedDelivery } from '@mailverb/options';
import { z } from 'zod';

/** Who delivers, who gets copies, and who must succeed. */
export const teeOptions = z.strictObject({
  to: nestedDelivery().describe('The delivery that decides: its replies are the replies.'),
  copies: z.array(nestedDelivery()).min(1).describe('Deliveries that get a copy of every message that `to` takes.'),
  require: z
    .enum(['first', 'all'])
    .default('first')
    .describe(
      'first: what becomes of copies is only logged. all: nothing is delivered unless every copy was made before.',
    ),
  copyTimeout: duration()
    .default(30_000)
    .describe(
      'With `require: first`: how long the reply waits for copies, once `to` has delivered. They go on after it.',
    ),
});

export type TeeOptionsInput = z.input<typeof teeOptions>;
export type TeeOptions = z.output<typeof teeOptions>;
