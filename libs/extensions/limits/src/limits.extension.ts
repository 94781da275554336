/** LIMITS (RFC 9422): tells the client beforehand what the listener will refuse. It enforces nothing itself. */
import { Listener, Options, type Extension, type ListenerInfo } from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';
import { LARGEST, type LimitsOptions } from './limits.options.js';

/** The extension LIMITS. */
@injectable()
export class LimitsExtension implements Extension {
  readonly keyword = 'LIMITS';
  private readonly text: string | false;

  constructor(@inject(Options) options: LimitsOptions, @inject(Listener) listener: ListenerInfo) {
    const limits: string[] = [];
    const tell = (name: string, value: number) => {
      if (value > 0) limits.push(`${name}=${Math.min(value, LARGEST)}`);
    };
    tell('MAILMAX', least(options.mailMax, listener.maxMessages));
    tell('RCPTMAX', least(options.rcptMax, listener.maxRecipients));
    tell('RCPTDOMAINMAX', options.rcptDomainMax ?? 0);
    this.text = limits.length > 0 && limits.join(' ');
  }

  /** Not offered where there is nothing to tell. */
  argument(): string | false {
    return this.text;
  }
}

/** What is told can be less than what the listener enforces, never more; 0 is no limit. */
function least(told: number | undefined, enforced: number): number {
  if (told === undefined) return enforced;
  return enforced === 0 ? told : Math.min(told, enforced);
}
