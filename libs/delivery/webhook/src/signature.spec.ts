/** Signatures, checked as the README tells receivers to. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { deliver } from '@mailverb/testing';
import { Receiver, webhook } from './webhook.fixture.js';
import type { WebhookOptionsInput } from './webhook.options.js';

const OLD = 'the old secret of us two';
const NEW = 'the new secret of us two';

// As in the README.
function isGenuine(headers: IncomingHttpHeaders, body: Buffer, secret: string, now = Date.now() / 1000): boolean {
  const timestamp = String(headers['x-mailverb-timestamp']);
  if (!(Math.abs(now - Number(timestamp)) < 300)) return false;
  const expected = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest();
  return String(headers['x-mailverb-signature'])
    .split(',')
    .map((signature) => Buffer.from(signature.replace('v1=', ''), 'hex'))
    .some((signature) => signature.length === expected.length && timingSafeEqual(signature, expected));
}

async function posted(options: Omit<WebhookOptionsInput, 'url'>) {
  const receiver = await new Receiver().start();
  const { strategy, clock } = webhook({ url: receiver.url, ...options });
  await strategy.start();
  await deliver(strategy, ['ann@example.org'], Buffer.from(`Subject: x\r\n\r\n${'hello\r\n'.repeat(20_000)}`));
  await strategy.stop();
  await receiver.stop();
  return { ...receiver.only, now: clock.now() / 1000 };
}

it.each(['raw', 'parsed', 'postmark', 'sendgrid', 'sendgrid-raw'] as const)(
  '%s is signed with each secret',
  async (form) => {
    const { headers, body, now } = await posted({ form, secrets: [OLD, NEW] });
    expect(isGenuine(headers, body, OLD, now)).toBe(true);
    expect(isGenuine(headers, body, NEW, now)).toBe(true);
    expect(isGenuine(headers, body, 'somebody else with a secret', now)).toBe(false);
    expect(isGenuine(headers, Buffer.concat([body, Buffer.from(' ')]), NEW, now)).toBe(false);
    expect(isGenuine(headers, body, NEW, now + 301)).toBe(false);
    expect(isGenuine({ ...headers, 'x-mailverb-timestamp': String(Math.floor(now) + 1) }, body, NEW, now)).toBe(false);
  },
);

it('a single secret needs no list, and without one nothing is signed', async () => {
  const { headers, body, now } = await posted({ secrets: NEW });
  expect(isGenuine(headers, body, NEW, now)).toBe(true);
  expect((await posted({})).headers['x-mailverb-signature']).toBeUndefined();
});
