/** JSON answers: words, replies for single recipients, and what is no answer (attack A6, A10). */
import { deliver } from '@mailverb/testing';
import { Receiver, says, saysJson, webhook, type Answer } from './webhook.fixture.js';
import type { WebhookOptionsInput } from './webhook.options.js';

const TO = ['ann@example.org', 'bob@example.org', '"__proto__"@example.org'];
const message = Buffer.from('Subject: x\r\n\r\nhello\r\n');

async function repliesTo(answer: Answer, options: Omit<WebhookOptionsInput, 'url'> = { readAnswer: true }) {
  const receiver = await new Receiver(answer).start();
  const { strategy, log } = webhook({ url: receiver.url, ...options });
  await strategy.start();
  try {
    const { outcomes } = await deliver(strategy, TO, message, { envelope: { id: 'tx1' } });
    return { replies: outcomes.map(({ reply }) => String(reply)), log };
  } finally {
    await strategy.stop();
    await receiver.stop();
  }
}

const all = (text: string): string[] => TO.map(() => text);
const OK = '250 2.0.0 Ok: posted as tx1';

it('has words for the reply', async () => {
  expect((await repliesTo(saysJson(201, { text: 'ticket 42', more: [] }))).replies).toEqual(all('250 2.0.0 ticket 42'));
  expect((await repliesTo(saysJson(422, { text: 'no such project' }))).replies).toEqual(
    all('554 5.6.0 no such project'),
  );
});

it('has words that are cleaned and not too long', async () => {
  const [said = ''] = (await repliesTo(saysJson(200, { text: `a\r\n250 b\u00e4\u202e${'x'.repeat(1000)}` }))).replies;
  expect(said).toMatch(/^250 2\.0\.0 a\?\?250 b\?\?x+$/);
  expect(said.length).toBeLessThan(220);
});

it('has replies for single recipients', async () => {
  const recipients = [
    { address: 'bob@example.org', reply: '550 5.1.1 no such user' },
    { address: '__proto__@example.org', reply: '452 4.2.2 full' },
    { address: 'eve@example.org', reply: '550 5.7.1 nobody asked' },
  ];
  const { replies } = await repliesTo(saysJson(200, { text: 'fine', recipients }));
  expect(replies).toEqual(['250 2.0.0 fine', '550 5.1.1 no such user', '452 4.2.2 full']);
});

it('is not read unless that is wanted, or it is no JSON', async () => {
  const recipients = [{ address: 'bob@example.org', reply: '550 5.1.1 no such user' }];
  expect((await repliesTo(saysJson(200, { text: 'x', recipients }), {})).replies).toEqual(all(OK));
  expect((await repliesTo(says(200, '{"text":"x"}', 'text/plain'))).replies).toEqual(all(OK));
  expect((await repliesTo(says(200, '', 'application/json'))).replies).toEqual(all(OK));
  expect((await repliesTo(says(200, '{"text":"x"}', 'application/problem+json; charset=utf-8'))).replies).toEqual(
    all('250 2.0.0 x'),
  );
});

it.each([
  ['no JSON', '{"text":'],
  ['another form', '[]'],
  ['a reply that is none', '{"recipients":[{"address":"bob@example.org","reply":"maybe"}]}'],
  ['a reply of two minds', '{"recipients":[{"address":"bob@example.org","reply":"550 2.0.0 ok"}]}'],
  ['more than anybody needs', `{"text":"${'x'.repeat(70_000)}"}`],
])('that can not be read is no yes: %s', async (_what, body) => {
  const { replies, log } = await repliesTo(says(200, body, 'application/json'));
  expect(replies).toEqual(all('451 4.4.2 the message could not be delivered, try again later'));
  expect(log).toMatchObject([{ level: 'warn', fields: { why: 'status 200 with an answer that can not be read' } }]);
  // A no is a no, whatever comes with it.
  expect((await repliesTo(says(410, body, 'application/json'))).replies).toEqual(
    all('550 5.7.1 the message was refused'),
  );
});

it('that ends before its end is no yes', async () => {
  const half: Answer = (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 99 });
    response.write('{"text":"x"', () => response.destroy());
  };
  expect((await repliesTo(half)).replies).toEqual(all('451 4.4.2 the message could not be delivered, try again later'));
});
