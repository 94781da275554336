/** LIMITS (RFC 9422): tells the client beforehand what the listener will refuse. It enforces nothing itself. */
import { Options, type Extension } from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';
import type { LimitsOptions } from './limits.options.js';

/** The extension LIMITS. */
@injectable()
export class LimitsExtension implements Extension {
  readonly keyword = 'LIMITS';
  private readonly text: string | false;

  constructor(@inject(Options) options: LimitsOptions) {
    const limits: string[] = [];
    const { mailMax, rcptMax, rcptDomainMax } = options;
    if (mailMax !== undefined) limits.push(`MAILMAX=${mailMax}`);
    if (rcptMax !== undefined) limits.push(`RCPTMAX=${rcptMax}`);
    if (rcptDomainMax !== undefined) limits.push(`RCPTDOMAINMAX=${rcptDomainMax}`);
    this.text = limits.length > 0 && limits.join(' ');
  }

  /** Not offered where there is nothing to tell. */
  argument(): string | false {
    return this.text;
  }
}
