/** PIPELINING (RFC 2920): says that the client may send commands without waiting; the loop has always been able to take them. */
import type { Extension } from '@mailverb/contract';
import { injectable } from 'tsyringe';

/** The extension PIPELINING: a keyword and nothing else. */
@injectable()
export class PipeliningExtension implements Extension {
  readonly keyword = 'PIPELINING';
}
