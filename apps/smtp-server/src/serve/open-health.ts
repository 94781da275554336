/** Opens the endpoint for monitoring, or says why that can't be. Loaded where one is wanted. */
import type { Io } from '../cli/io.js';
import { codeOf, reasonOf } from '../errors.js';
import { HealthServer, type Watched } from './health.js';

const REASONS: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'is already in use'],
  ['EACCES', 'is not allowed to us'],
  ['EADDRNOTAVAIL', 'is not an address of this machine'],
]);

/** Undefined if it could not be opened; that was said then. */
export async function openHealth(
  address: { readonly host: string; readonly port: number },
  watched: Watched,
  io: Pick<Io, 'err'>,
  { quiet, scrub }: { readonly quiet: boolean; readonly scrub: (text: string) => string },
): Promise<HealthServer | undefined> {
  const health = new HealthServer(watched);
  try {
    const where = await health.listen(address);
    if (!quiet) io.err(scrub(`health on http://${where}\n`));
    return health;
  } catch (error) {
    const why = REASONS.get(codeOf(error) ?? '') ?? `can not be listened on: ${reasonOf(error)}`;
    io.err(scrub(`health.port: ${address.host}:${address.port} ${why}\n`));
    return undefined;
  }
}
