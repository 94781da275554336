/** What a composer says of itself because its parts say it. */
import { leastDurable, offeredByAll, type DeliveryStrategy, type Durability } from '@mailverb/contract';

/** The facts of a strategy that is made of others, all of which it needs. A method is only there if a part has it. */
export interface PassedOn {
  /** The least of all. */
  readonly durability: Durability;
  readonly wholeMessage: boolean;
  readonly offers: DeliveryStrategy['offers'];
  readonly sessionClosed: DeliveryStrategy['sessionClosed'];
}

/** See {@link PassedOn}. */
export function passOn(parts: readonly DeliveryStrategy[]): PassedOn {
  const limiting = parts.filter((part) => part.offers !== undefined);
  const listening = parts.filter((part) => part.sessionClosed !== undefined);
  return {
    durability: leastDurable(parts.map(({ durability }) => durability)),
    wholeMessage: parts.some(({ wholeMessage }) => wholeMessage === true),
    offers:
      limiting.length === 0
        ? undefined
        : (keyword, argument, session) => offeredByAll(limiting, keyword, argument, session),
    sessionClosed:
      listening.length === 0
        ? undefined
        : (session) => {
            for (const part of listening) part.sessionClosed?.(session);
          },
  };
}
