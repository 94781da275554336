/** Attack A24: verbs and extensions that throw, hang or answer rubbish: their command is answered 451, and the session goes on. */
import type { Extension, Verb, VerbOutcome } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { settle, type TestClient, type TestServer } from '@mailverb/testing';
import { everything } from './assembly.js';
import { FAILURES, HANGS, Switch, answers, inline, rubbish, type Fault } from './broken.js';
import { EVERYTHING } from './assembly.js';

const OK: VerbOutcome = { reply: reply(250, '2.0.0', 'fine') };

function serverWith(verb: Partial<Verb>): Promise<TestServer> {
  const whole: Verb = {
    name: 'XBROKEN',
    phases: ['connected', 'greeted', 'mail', 'rcpt'],
    parse: () => ({}),
    perform: () => OK,
    ...verb,
  };
  return everything({ plugins: [...EVERYTHING, inline('verb-broken', (contribute) => contribute.verb(whole))] });
}

async function inTransaction(server: TestServer): Promise<TestClient> {
  const client = server.client();
  await client.reply();
  expect(await client.commands('EHLO client.example.net', 'MAIL FROM:<>', 'RCPT TO:<user@example.org>')).toEqual([
    250, 250, 250,
  ]);
  return client;
}

/** The transaction that was open goes on. */
async function expectLife(server: TestServer, client: TestClient): Promise<void> {
  expect(await client.commands('XBROKEN', 'DATA', '.')).toEqual([250, 354, 250]);
  const other = server.client();
  await other.untilData('other@example.net', 'user@example.org');
  expect((await other.command('.')).code).toBe(250);
  await server.stop();
}

const RUBBISH_OUTCOMES = answers({
  nothing: undefined,
  null: null,
  'a text': '250 ok',
  'an empty object': {},
  'null for a reply': { reply: null },
  'a text for a reply': { reply: '250 ok' },
  'what looks like a reply': { reply: { code: 250, positive: true } },
  'an unknown effect': { ...OK, effect: { type: 'explode' } },
  'null for an effect': { ...OK, effect: null },
});

describe('A24: a verb', () => {
  it.each(FAILURES.slice(0, 6))('whose parse $name costs its command', async ({ act }: Fault) => {
    const broken = new Switch();
    const server = await serverWith({ parse: () => broken.choose(act, () => ({})) });
    const client = await inTransaction(server);
    expect((await client.command('XBROKEN')).code).toBe(451);
    broken.on = false;
    await expectLife(server, client);
  });

  it.each([
    ...FAILURES.slice(0, 6),
    ...answers({ null: null, 'an unknown stage': { stage: 'never', input: {} }, 'an object': {} }).filter(
      ({ name }) => !name.endsWith('later'),
    ),
  ])('whose question $name costs its command', async ({ act }: Fault) => {
    const broken = new Switch();
    const server = await serverWith({ question: () => broken.choose(act, () => undefined) });
    const client = await inTransaction(server);
    expect((await client.command('XBROKEN')).code).toBe(451);
    broken.on = false;
    await expectLife(server, client);
  });

  it.each([...FAILURES, ...RUBBISH_OUTCOMES])('whose perform $name costs its command', async ({ act }: Fault) => {
    const broken = new Switch();
    const server = await serverWith({ perform: () => broken.choose(act, () => OK) });
    const client = await inTransaction(server);
    expect((await client.command('XBROKEN')).code).toBe(451);
    broken.on = false;
    await expectLife(server, client);
  });

  it('that hangs does not hold a session for ever', async () => {
    const server = await serverWith({ perform: HANGS.act });
    const client = await inTransaction(server);
    client.send('XBROKEN');
    await settle();
    await server.clock.advance(3_700_000);
    // Its own time is up first, and later the session's.
    expect((await client.ended()).map((line) => line.slice(0, 9))).toEqual(['451 4.3.0', '421 4.4.2']);
    expect(server.server.sessions).toBe(0);
    await server.stop();
  });

  it('that hangs does not keep the server from stopping', async () => {
    const server = await serverWith({ perform: HANGS.act });
    const client = await inTransaction(server);
    client.send('XBROKEN');
    await settle();
    await server.stop();
    expect(server.server.sessions).toBe(0);
  });

  it.each([...FAILURES, ...RUBBISH_OUTCOMES])(
    'that converses, and then $name, costs its command',
    async ({ act }: Fault) => {
      const broken = new Switch();
      const converse: VerbOutcome = {
        reply: reply(334, undefined, ''),
        effect: { type: 'converse', answer: () => act() },
      };
      const server = await serverWith({
        perform: () =>
          broken.choose(
            () => converse,
            () => OK,
          ),
      });
      const client = await inTransaction(server);
      expect(await client.commands('XBROKEN', 'a line')).toEqual([334, 451]);
      broken.on = false;
      await expectLife(server, client);
    },
  );
});

describe('A24: an extension', () => {
  async function withExtension(extension: Partial<Extension>, broken: Switch, line: string): Promise<void> {
    const whole: Extension = { keyword: 'XBROKEN', ...extension };
    const server = await everything({
      plugins: [...EVERYTHING, inline('extension-broken', (contribute) => contribute.extension(whole))],
    });
    const client = server.client();
    await client.reply();
    if (!line.startsWith('EHLO')) expect((await client.command('EHLO client.example.net')).code).toBe(250);
    expect((await client.command(line)).code).toBe(451);
    broken.on = false;
    expect(
      await client.commands('EHLO client.example.net', 'MAIL FROM:<> XBROKEN=1', 'RCPT TO:<user@example.org>'),
    ).toEqual([250, extension.parameters === undefined ? 555 : 250, extension.parameters === undefined ? 503 : 250]);
    await server.stop();
  }

  it.each(FAILURES.slice(0, 6))('whose argument $name costs EHLO', async ({ act }: Fault) => {
    const broken = new Switch();
    await withExtension({ argument: () => broken.choose(act, () => undefined) }, broken, 'EHLO client.example.net');
  });

  it.each(FAILURES.slice(0, 6))('whose parameter $name costs MAIL', async ({ act }: Fault) => {
    const broken = new Switch();
    const parse = () => broken.choose(act, () => 1);
    const parameters = [{ verb: 'MAIL', keyword: 'XBROKEN', parse }];
    await withExtension({ parameters: rubbish(parameters) }, broken, 'MAIL FROM:<> XBROKEN=1');
  });

  it('cannot put a line of its own into the reply to EHLO', async () => {
    const extension: Extension = { keyword: 'XBROKEN', argument: () => 'a\r\n250-STARTTLS\r\n250 x' };
    const server = await everything({
      plugins: [...EVERYTHING, inline('extension-broken', (contribute) => contribute.extension(extension))],
    });
    const client = server.client();
    await client.reply();
    const { lines } = await client.command('EHLO client.example.net');
    expect(lines.at(-1)).toBe('XBROKEN a??250-STARTTLS??250 x');
    await server.stop();
  });
});
