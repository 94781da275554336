/** The delivery contract, in every form from which the message can be had octet for octet. */
import { describeDelivery } from '@mailverb/testing';
import { Receiver, octetsOfField, webhook, type Posted } from './webhook.fixture.js';
import type { WebhookOptionsInput } from './webhook.options.js';

const key = 'a key of sixteen characters';

const json = (posted: Posted): Record<string, unknown> => JSON.parse(posted.body.toString()) as Record<string, unknown>;

const FORMS: readonly [
  name: string,
  options: Omit<WebhookOptionsInput, 'url'>,
  message: (posted: Posted) => Uint8Array,
][] = [
  ['raw', { form: 'raw' }, ({ body }) => body],
  ['raw, signed', { form: 'raw', secrets: key, envelopeIn: 'query' }, ({ body }) => body],
  ['parsed', { includeRaw: true }, (posted) => Buffer.from(String(json(posted)['raw']), 'base64')],
  [
    'postmark',
    { form: 'postmark', includeRaw: true },
    (posted) => {
      const charset = posted.headers['x-mailverb-raw-charset'] === 'utf-8' ? 'utf8' : 'latin1';
      return Buffer.from(String(json(posted)['RawEmail']), charset);
    },
  ],
  ['sendgrid-raw', { form: 'sendgrid-raw' }, (posted) => octetsOfField(posted, 'email')],
  ['mailgun-mime', { form: 'mailgun-mime', mailgunKey: key }, (posted) => octetsOfField(posted, 'body-mime')],
];

for (const [name, options, message] of FORMS) {
  describeDelivery(`webhook (${name})`, async () => {
    const receiver = await new Receiver().start();
    const { strategy, clock } = webhook({ url: receiver.url, ...options });
    return {
      strategy,
      stored: async () => receiver.posted.map(message),
      leftovers: async () => Array.from({ length: clock.pending }, () => 'an alarm'),
      cleanup: async () => {
        await receiver.untilNoConnection();
        await receiver.stop();
      },
    };
  });
}
