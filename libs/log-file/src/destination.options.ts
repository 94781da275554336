/** The option that says where a log goes. */
import { z } from 'zod';

/** `stdout`, `stderr` or `{ file: PATH }`. */
export function logDestination() {
  return z.union(
    [z.enum(['stdout', 'stderr']), z.strictObject({ file: z.string().min(1).describe('Path of the file.') })],
    {
      error: 'expected stdout, stderr or { file: PATH }',
    },
  );
}

/** Where a log goes. A relative path is relative to the working directory. */
export type LogDestination = 'stdout' | 'stderr' | { readonly file: string };
