/** Options of the delivery strategy mx. */
import { nextHopShape } from '@mailverb/next-hop';
import { z } from 'zod';
import { resolveShape } from './resolve.options.js';

/** A stranger's server has no account for us. */
const { auth: _auth, ...hopShape } = nextHopShape;

export const mxOptions = z.strictObject({
  port: z.int().min(1).max(65535).default(25).describe('The port of all servers.'),
  ...resolveShape,
  ...hopShape,
});

/** What the class gets. */
export type MxOptions = Readonly<z.output<typeof mxOptions>>;
