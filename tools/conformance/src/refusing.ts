/** Plugins that say no or fail, for conversations about what that means. */
import {
  Options,
  definePlugin,
  delivered,
  reject,
  type DeliveryStrategy,
  type Outcome,
  type Policy,
  type Recipient,
} from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import { z } from 'zod';

const STAGES = ['connect', 'helo', 'mail', 'rcpt', 'data', 'message'] as const;

const refuseOptions = z.strictObject({ stage: z.enum(STAGES).describe('Where it refuses.') });

/** Has a method for the stage that its options name, and for no other. */
abstract class OneStage implements Policy {
  connect?: Policy['connect'];
  helo?: Policy['helo'];
  mail?: Policy['mail'];
  rcpt?: Policy['rcpt'];
  data?: Policy['data'];
  message?: Policy['message'];
}

@injectable()
class RefusePolicy extends OneStage {
  constructor(@inject(Options) { stage }: z.output<typeof refuseOptions>) {
    super();
    this[stage] = () => reject(reply(550, '5.7.1', `refused at ${stage}`));
  }
}

/** Refuses everything at one stage. */
export const refusePlugin = definePlugin({
  name: 'policy-refuse',
  options: refuseOptions,
  register(contribute) {
    contribute.policy('refuse', RefusePolicy);
  },
});

@injectable()
class FailingPolicy extends OneStage {
  constructor(@inject(Options) { stage }: z.output<typeof refuseOptions>) {
    super();
    this[stage] = () => Promise.reject(new Error('the database is gone'));
  }
}

/** Fails at one stage, as a policy whose backend is down. */
export const failingPlugin = definePlugin({
  name: 'policy-failing',
  options: refuseOptions,
  register(contribute) {
    contribute.policy('failing', FailingPolicy);
  },
});

const refusingOptions = z.strictObject({
  recipients: z.array(z.string()).default([]).describe('Local parts that are refused at RCPT.'),
  messages: z
    .array(z.string())
    .default([])
    .describe('Local parts for which the message is refused after the mail data.'),
  later: z.array(z.string()).default([]).describe('Local parts for which the message is deferred after the mail data.'),
});

@injectable()
class RefusingDelivery implements DeliveryStrategy {
  readonly durability = 'none';
  constructor(@inject(Options) private readonly options: z.output<typeof refusingOptions>) {}

  begin() {
    const taken: Recipient[] = [];
    return {
      recipient: (recipient: Recipient) => {
        if (this.options.recipients.includes(recipient.mailbox.local)) return reply(550, '5.2.1', 'mailbox disabled');
        taken.push(recipient);
        return undefined;
      },
      body: async (body: AsyncIterable<Uint8Array>) => {
        for await (const _ of body);
      },
      commit: () => taken.map((recipient): Outcome => ({ recipient, reply: this.answer(recipient) })),
      abort: () => undefined,
    };
  }

  private answer({ mailbox }: Recipient) {
    if (this.options.messages.includes(mailbox.local)) return reply(554, '5.6.0', 'the mailbox does not like it');
    if (this.options.later.includes(mailbox.local)) return reply(452, '4.2.2', 'the mailbox is full');
    return delivered('thrown away');
  }
}

/** Takes or refuses by name, and keeps nothing. */
export const refusingPlugin = definePlugin({
  name: 'delivery-refusing',
  options: refusingOptions,
  register(contribute) {
    contribute.delivery('refusing', RefusingDelivery);
  },
});
