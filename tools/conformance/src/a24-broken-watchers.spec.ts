/** Attack A24: observers and loggers that throw, reject or hang: nobody notices, but for a line in the log where there is one. */
import { Logger, type Observer } from '@mailverb/contract';
import { settle, testServer, type TestServer } from '@mailverb/testing';
import { EVERYTHING, everything } from './assembly.js';
import { FAILURES, HANGS, inline, rubbish, type Fault } from './broken.js';

const EVENTS = [
  'sessionOpened',
  'commandReceived',
  'lineReceived',
  'replySent',
  'verdictGiven',
  'dataReceived',
  'transactionEnded',
  'sessionClosed',
  'limitReached',
  'faultCaught',
] as const satisfies readonly (keyof Observer)[];

/** A session in which every event happens but those of conversing; all its replies. */
async function session(server: TestServer): Promise<readonly number[]> {
  const client = server.client();
  const codes = [(await client.reply()).code];
  const lines = [
    'EHLO c.example.net',
    'MAIL FROM:<>',
    'RCPT TO:<a@example.org>',
    'RCPT TO:<b@example.org>',
    'DATA',
    '.',
    'XYZZY',
  ];
  codes.push(...(await client.commands(...lines)));
  codes.push(...(await client.commands('MAIL FROM:<>', 'RSET', 'QUIT')));
  expect(await client.ended()).toEqual([]);
  await client.close();
  await settle();
  return codes;
}

const EXPECTED = [220, 250, 250, 250, 452, 354, 250, 500, 250, 250, 221];

describe.each(EVENTS)('A24: an observer whose %s', (event) => {
  it.each([...FAILURES, HANGS])('$name changes nothing', async ({ act }: Fault) => {
    const observer: Observer = { [event]: act };
    const server = await everything({
      plugins: [...EVERYTHING, inline('observer-broken', (contribute) => contribute.observer('broken', observer))],
      limits: { recipients: 1 },
    });
    expect(await session(server)).toEqual(EXPECTED);
    // Those that watch beside it see everything.
    expect(server.eventsOf('sessionClosed')).toHaveLength(1);
    expect(server.messages).toHaveLength(1);
    await server.stop();
  });
});

describe('A24: a logger whose', () => {
  const METHODS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'child', 'enabled'] as const;
  it.each(METHODS)('%s throws changes nothing', async (method) => {
    const nothing = () => undefined;
    const logger: Logger = {
      trace: nothing,
      debug: nothing,
      info: nothing,
      warn: nothing,
      error: nothing,
      fatal: nothing,
      child: () => logger,
      enabled: () => true,
      [method]: () => {
        throw new Error('broken on purpose');
      },
    };
    const server = await testServer({
      plugins: [
        ...EVERYTHING,
        inline('logger-broken', (contribute) => contribute.service(Logger, logger)),
        inline('observer-broken', (contribute) =>
          contribute.observer('broken', {
            replySent: () => {
              throw new Error('so that there is something to log');
            },
          }),
        ),
      ],
      limits: { recipients: 1 },
    });
    expect(await session(server)).toEqual(EXPECTED);
    await server.stop();
  });

  it('methods answer rubbish changes nothing', async () => {
    const logger = rubbish<Logger>(new Proxy({}, { get: () => () => undefined }));
    const server = await testServer({
      plugins: [...EVERYTHING, inline('logger-broken', (contribute) => contribute.service(Logger, logger))],
      limits: { recipients: 1 },
    });
    expect(await session(server)).toEqual(EXPECTED);
    await server.stop();
  });
});
