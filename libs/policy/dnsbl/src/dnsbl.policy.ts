/** dnsbl: refuses senders by a list. An example: say here what yours judges, and by what. */
import { Options, pass, reject, type MailInput, type Policy, type Verdict } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import type { DnsblOptions } from './dnsbl.options.js';

const DENIED = reject(reply(550, '5.7.1', 'this sender is not welcome here'), 'sender is on the list');

/** The policy dnsbl. */
@injectable()
export class DnsblPolicy implements Policy {
  constructor(@inject(Options) private readonly options: DnsblOptions) {}

  mail({ reversePath }: MailInput): Verdict {
    return this.options.deny.has(reversePath) ? DENIED : pass();
  }
}
