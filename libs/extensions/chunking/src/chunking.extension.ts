/** CHUNKING (RFC 3030): says that the verb BDAT is to be had. */
import type { Extension } from '@mailverb/contract';
import { injectable } from 'tsyringe';

/** The extension CHUNKING: a keyword and nothing else. */
@injectable()
export class ChunkingExtension implements Extension {
  readonly keyword = 'CHUNKING';
}
