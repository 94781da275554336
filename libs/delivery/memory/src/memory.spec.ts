import { SmtpError } from '@mailverb/contract';
import { contributionsOf, deliver, describeDelivery, openDelivery, testMailbox, testSession } from '@mailverb/testing';
import { bodyOf } from '@mailverb/body';
import { MemoryDelivery, memoryOptions, memoryPlugin, type MemoryOptionsInput } from './index.js';

const memory = (options: MemoryOptionsInput = {}) => new MemoryDelivery(memoryOptions.parse(options));
const bytes = (text: string): Uint8Array => Buffer.from(text);
const texts = (strategy: MemoryDelivery) => strategy.messages.map((m) => Buffer.from(m.bytes).toString());

describeDelivery('memory', () => {
  const strategy = memory();
  return { strategy, stored: async () => strategy.messages.map((message) => message.bytes) };
});

describe('MemoryDelivery', () => {
  it('keeps the envelope and who brought it', async () => {
    const strategy = memory();
    await deliver(strategy, ['a@example.org', 'b@example.org'], bytes('hello'), {
      envelope: { id: 'x1', reversePath: testMailbox('from@example.net'), parameters: { BODY: '8BITMIME' } },
      session: testSession({ heloName: 'client.example' }),
    });
    const [message] = strategy.messages;
    expect(message?.envelope).toMatchObject({ id: 'x1', parameters: { BODY: '8BITMIME' } });
    expect(message?.envelope.reversePath?.address).toBe('from@example.net');
    expect(message?.envelope.recipients.map((r) => r.mailbox.address)).toEqual(['a@example.org', 'b@example.org']);
    expect(message?.session.heloName).toBe('client.example');
    expect(strategy.durability).toBe('memory');
  });

  it('gives each message once by next, whether it is here or comes later', async () => {
    const strategy = memory();
    await deliver(strategy, ['a@example.org'], bytes('1'));
    expect(Buffer.from((await strategy.next()).bytes).toString()).toBe('1');
    const [second, third] = [strategy.next(), strategy.next()];
    await deliver(strategy, ['a@example.org'], bytes('2'));
    await deliver(strategy, ['a@example.org'], bytes('3'));
    expect(Buffer.from((await second).bytes).toString()).toBe('2');
    expect(Buffer.from((await third).bytes).toString()).toBe('3');
    expect(texts(strategy)).toEqual(['1', '2', '3']);
  });

  it('forgets everything by clear', async () => {
    const strategy = memory({ octets: 10 });
    await deliver(strategy, ['a@example.org'], bytes('0123456789'));
    strategy.clear();
    expect(strategy.messages).toEqual([]);
    await deliver(strategy, ['a@example.org'], bytes('9876543210'));
    expect(texts(strategy)).toEqual(['9876543210']);
    expect(Buffer.from((await strategy.next()).bytes).toString()).toBe('9876543210');
  });

  it('refuses with 452 when it has as many messages as it may', async () => {
    const strategy = memory({ messages: 1 });
    await deliver(strategy, ['a@example.org'], bytes('1'));
    const { outcomes } = await deliver(strategy, ['a@example.org'], bytes('2'));
    expect(outcomes.map((o) => o.reply.code)).toEqual([452]);
    expect(texts(strategy)).toEqual(['1']);
  });

  it('refuses with 452 when it has as many octets as it may, those that are arriving included', async () => {
    const strategy = memory({ octets: 10 });
    const arriving = await openDelivery(strategy, ['a@example.org']);
    await arriving.transaction.body(bodyOf([bytes('123456')]));
    const late = deliver(strategy, ['a@example.org'], bytes('12345'));
    await expect(late).rejects.toThrow(SmtpError);
    await expect(late).rejects.toMatchObject({ reply: { code: 452 } });
    await arriving.transaction.abort('test');
    await deliver(strategy, ['a@example.org'], bytes('1234567890'));
    expect(texts(strategy)).toEqual(['1234567890']);
  });

  it('gives back the room of a message that was refused at its end', async () => {
    const strategy = memory({ octets: 10, messages: 1 });
    await deliver(strategy, ['a@example.org'], bytes('1'));
    await deliver(strategy, ['a@example.org'], bytes('123456789'));
    strategy.clear();
    await deliver(strategy, ['a@example.org'], bytes('1234567890'));
    expect(texts(strategy)).toEqual(['1234567890']);
  });

  it('forgets the oldest instead, where it is told to', async () => {
    const strategy = memory({ messages: 2, octets: 10, whenFull: 'forget' });
    for (const text of ['1', '2', '3', '123456789']) await deliver(strategy, ['a@example.org'], bytes(text));
    expect(texts(strategy)).toEqual(['3', '123456789']);
    expect(Buffer.from((await strategy.next()).bytes).toString()).toBe('3');
    await expect(deliver(strategy, ['a@example.org'], bytes('12345678901'))).rejects.toMatchObject({
      reply: { code: 452 },
    });
  });
});

describe('the plugin', () => {
  it('contributes the strategy memory', () => {
    expect(memoryPlugin.name).toBe('delivery-memory');
    expect(contributionsOf(memoryPlugin)).toEqual([{ kind: 'delivery', name: 'memory', value: MemoryDelivery }]);
  });

  it('refuses options that it does not know', () => {
    expect(memoryOptions.parse({ octets: '1MiB' })).toEqual({
      messages: 10_000,
      octets: 1_048_576,
      whenFull: 'refuse',
    });
    expect(memoryOptions.safeParse({ message: 1 }).success).toBe(false);
  });
});
