/** ENHANCEDSTATUSCODES (RFC 2034): says that replies carry codes like 5.1.1. The loop sends them where it is offered. */
import type { Extension } from '@mailverb/contract';
import { injectable } from 'tsyringe';

/** The extension ENHANCEDSTATUSCODES: a keyword and nothing else. */
@injectable()
export class EnhancedStatusCodesExtension implements Extension {
  readonly keyword = 'ENHANCEDSTATUSCODES';
}
