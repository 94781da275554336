/** Options of the delivery strategy discard. */
import { z } from 'zod';

/** There are none: an option for something that is thrown away is a mistake. */
export const discardOptions = z.strictObject({});

export type DiscardOptions = z.output<typeof discardOptions>;
