/** Attack A24, Haraka issues 1104 and 1379: policies that throw, hang, or answer rubbish count as `defer`, and cost nothing else. */
import { accept, pass, type Policy, type PolicyContext, type Stage } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { settle, type ClientReply, type TestClient, type TestServer } from '@mailverb/testing';
import { everything } from './assembly.js';
import { FAILURES, HANGS, Switch, answers, inline, rubbish, type Fault } from './broken.js';
import { EVERY_VERB_AND_EXTENSION, OUR_RECIPIENTS, RECEIVED } from './plugins.js';

type Asked = Exclude<Stage, 'auth'>;

/** The commands of a session; each stage is asked at one of them. */
const SCRIPT: readonly {
  readonly line: string | undefined;
  readonly stage: Asked | undefined;
  readonly code: number;
}[] = [
  { line: undefined, stage: 'connect', code: 220 },
  { line: 'EHLO client.example.net', stage: 'helo', code: 250 },
  { line: 'MAIL FROM:<sender@example.net>', stage: 'mail', code: 250 },
  { line: 'RCPT TO:<user@example.org>', stage: 'rcpt', code: 250 },
  { line: 'DATA', stage: 'data', code: 354 },
  { line: '.', stage: 'message', code: 250 },
];
const STAGES: readonly Asked[] = ['connect', 'helo', 'mail', 'rcpt', 'data', 'message'];

const RUBBISH = answers({
  nothing: undefined,
  null: null,
  true: true,
  'a text': 'pass',
  'a number': 250,
  'an empty object': {},
  'an unknown kind': { kind: 'maybe' },
  'a refusal without a reply': { kind: 'reject' },
  'a refusal with null for a reply': { kind: 'reject', reply: null },
  'a refusal with an object for a reply': { kind: 'defer', reply: { code: 450, lines: ['x'] } },
  'a refusal that agrees': { kind: 'reject', reply: reply(250, '2.0.0', 'fine') },
  'a list': [accept()],
});

/** Not verdicts in full; whether they count is a matter of taste, that the session goes on is not. */
const ODD = answers({
  'null for annotations': { kind: 'pass', annotate: null },
  'a number for annotations': { kind: 'pass', annotate: 5 },
  'numbers as annotations': { kind: 'pass', annotate: { a: 5 } },
  'an annotation named __proto__': { kind: 'pass', annotate: JSON.parse('{"__proto__":"x"}') as unknown },
});

async function serverWith(policy: Policy): Promise<TestServer> {
  const broken = inline('policy-broken', (contribute) => contribute.policy('broken', policy));
  // Listed first: who comes after it must not be able to outvote it.
  return everything({ plugins: [...EVERY_VERB_AND_EXTENSION, broken, OUR_RECIPIENTS, RECEIVED] });
}

function at(stage: Asked, method: (context: PolicyContext) => ReturnType<NonNullable<Policy[Asked]>>): Policy {
  return { [stage]: (_input: unknown, context: PolicyContext) => method(context) };
}

/** Talks until the next thing said asks `stage`. */
async function upTo(client: TestClient, stage: Asked): Promise<void> {
  for (const { line, stage: asked, code } of SCRIPT) {
    if (asked === stage) return;
    expect((await (line === undefined ? client.reply() : client.command(line))).code).toBe(code);
  }
}

/** Says what asks `stage`; gives the reply. */
function ask(client: TestClient, stage: Asked): Promise<ClientReply> {
  const line = SCRIPT.find(({ stage: asked }) => asked === stage)?.line;
  return line === undefined ? client.reply() : client.command(line);
}

/** The session goes on (unless it was never greeted), and another one takes a message. */
async function expectLife(server: TestServer, client: TestClient, stage: Asked): Promise<void> {
  if (stage === 'connect') {
    expect(await client.ended()).toEqual([]);
  } else {
    expect(
      await client.commands('NOOP', 'EHLO again.example.net', 'MAIL FROM:<>', 'RCPT TO:<user@example.org>'),
    ).toEqual([250, 250, 250, 250]);
    expect(await client.commands('DATA', '.')).toEqual([354, 250]);
  }
  const other = server.client();
  await other.untilData('other@example.net', 'user@example.org');
  expect((await other.command('.')).code).toBe(250);
  expect(server.messages.map(({ from }) => from)).toEqual(
    stage === 'connect' ? ['other@example.net'] : ['', 'other@example.net'],
  );
}

describe.each(STAGES)('A24: a policy that at stage %s', (stage) => {
  it.each([...FAILURES, ...RUBBISH])('$name counts as defer', async ({ act }: Fault) => {
    const broken = new Switch();
    const server = await serverWith(at(stage, () => broken.choose(act, pass)));
    const client = server.client();
    await upTo(client, stage);
    expect(await ask(client, stage)).toMatchObject({ code: 451 });
    broken.on = false;
    await expectLife(server, client, stage);
    expect(server.eventsOf('faultCaught')).toHaveLength(1);
    expect(server.eventsOf('faultCaught')[0]?.args[1]).toBe('policy broken');
    await server.stop();
  });

  it.each(ODD)('$name neither ends the session nor accepts anything', async ({ act }: Fault) => {
    const broken = new Switch();
    const server = await serverWith(at(stage, () => broken.choose(act, pass)));
    const client = server.client();
    await upTo(client, stage);
    expect((await ask(client, stage)).code).toBeLessThan(500);
    await client.close();
    broken.on = false;
    const other = server.client();
    await other.untilData('other@example.net', 'user@example.org');
    expect((await other.command('.')).code).toBe(250);
    await server.stop();
  });

  it('hangs counts as defer when its time budget is used up, and is told to stop', async () => {
    const broken = new Switch();
    const signals: AbortSignal[] = [];
    const policy = at(stage, ({ signal }) => {
      signals.push(signal);
      return broken.choose(HANGS.act, pass);
    });
    const server = await serverWith(policy);
    const client = server.client();
    await upTo(client, stage);
    const coming = ask(client, stage);
    await settle();
    await server.clock.advance(29_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await server.clock.advance(1_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(await coming).toMatchObject({ code: 451 });
    broken.on = false;
    await expectLife(server, client, stage);
    await server.stop();
  });

  it('hangs is told to stop when the client has gone', async () => {
    const signals: AbortSignal[] = [];
    const server = await serverWith(
      at(stage, ({ signal }) => {
        signals.push(signal);
        return HANGS.act();
      }),
    );
    const client = server.client();
    await upTo(client, stage);
    ask(client, stage).catch(() => undefined);
    await settle();
    client.reset();
    await settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(server.server.sessions).toBe(0);
    await server.stop();
  });

  it('answers after its time is not heard', async () => {
    let answer: (() => void) | undefined;
    const policy = at(stage, () => new Promise((resolve) => (answer = () => resolve(accept()))));
    const server = await serverWith(policy);
    const client = server.client();
    await upTo(client, stage);
    const coming = ask(client, stage);
    await settle();
    await server.clock.advance(30_000);
    expect((await coming).code).toBe(451);
    answer?.();
    await settle();
    client.stream.end();
    expect(await client.ended()).toEqual([]);
    await server.stop();
  });

  it('answers twice is heard once', async () => {
    const twice = {
      // oxlint-disable-next-line unicorn/no-thenable -- a promise library of somebody's own
      then: (resolve: (verdict: unknown) => void, reject: (error: Error) => void) => {
        resolve(pass());
        resolve(pass());
        reject(new Error('and once more'));
      },
    };
    const server = await serverWith(at(stage, () => rubbish(twice)));
    const client = server.client();
    await upTo(client, stage);
    const { code } = await ask(client, stage);
    expect(code).toBe(SCRIPT.find((step) => step.stage === stage)?.code);
    // DATA is still open: nothing is said until the message ends.
    client.write(stage === 'data' ? '.\r\nQUIT\r\n' : 'QUIT\r\n');
    expect((await client.ended()).map((line) => line.slice(0, 3))).toEqual(stage === 'data' ? ['250', '221'] : ['221']);
    await server.stop();
  });
});
