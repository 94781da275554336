/** The transcript observer: the contract, what it writes, which sessions. */
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reply } from '@mailverb/protocol';
import {
  FakeClock,
  contributionsOf,
  describeObserver,
  recordingLogger,
  testSession,
  type LogLine,
} from '@mailverb/testing';
import { transcriptPlugin } from './plugin.js';
import { TranscriptObserver } from './transcript.observer.js';
import { transcriptOptions } from './transcript.options.js';

const folder = mkdtempSync(join(tmpdir(), 'mailverb-transcript-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => jest.restoreAllMocks());

let files = 0;

async function make(options: object = {}) {
  const file = join(folder, `${++files}.log`);
  const lines: LogLine[] = [];
  const observer = new TranscriptObserver(
    transcriptOptions.parse({ destination: { file }, ...options }),
    new FakeClock(),
    recordingLogger(lines),
  );
  await observer.start();
  const output = async () => {
    await observer.stop();
    const text = readFileSync(file, 'utf8');
    await observer.start();
    return text;
  };
  return { observer, output, file, logged: lines, close: () => observer.stop() };
}

describeObserver('transcript', make);

describe('TranscriptObserver', () => {
  const at = '2026-01-01T00:00:00.000Z s-1';

  it('writes every line both ways, and sums mail data up', async () => {
    const { observer, output, close } = await make();
    const session = testSession({ id: 's-1', remoteAddress: '2001:db8::7', remotePort: 4711 });
    observer.sessionOpened(session);
    observer.replySent(session, reply(220, undefined, 'mx.example ESMTP'));
    observer.commandReceived(session, 'EHLO client.example');
    observer.replySent(session, reply(250, undefined, 'mx.example', 'SIZE 1000', 'HELP'));
    observer.commandReceived(session, 'MAIL FROM:<"a\\"b"@example.org>');
    observer.replySent(session, reply(250, '2.1.0', 'Ok'));
    observer.dataReceived(session, 1234);
    observer.limitReached(session, 'errors');
    observer.faultCaught(session, 'policy greylist', new TypeError('no store'));
    observer.faultCaught(session, 'policy greylist', 'a string');
    observer.sessionClosed(session, {
      endedAt: 0,
      commands: 3,
      errors: 0,
      transactions: 1,
      delivered: 1,
      octetsIn: 1300,
      cause: 'quit',
      decisions: [],
    });
    const text = await output();
    await close();
    expect(text.split('\n')).toEqual([
      `${at} * opened: [2001:db8::7]:4711 to 192.0.2.25:25 (listener test)`,
      `${at} S: 220 mx.example ESMTP`,
      `${at} C: EHLO client.example`,
      `${at} S: 250-mx.example`,
      `${at} S: 250-SIZE 1000`,
      `${at} S: 250 HELP`,
      `${at} C: MAIL FROM:<"a\\\\"b"@example.org>`,
      `${at} S: 250 2.1.0 Ok`,
      `${at} C: [1234 octets of mail data]`,
      `${at} * limit reached: errors`,
      `${at} * policy greylist failed: TypeError: no store`,
      `${at} * policy greylist failed: a string`,
      `${at} * closed: quit (3 commands, 1 transactions, 1 delivered, 1300 octets in)`,
      '',
    ]);
  });

  it('shows no credential (attack A23)', async () => {
    const { observer, output, close } = await make();
    const session = testSession({ id: 's-1' });
    observer.commandReceived(session, 'AUTH ***');
    observer.lineReceived(session);
    expect(await output()).toBe(`${at} C: AUTH ***\n${at} C: ***\n`);
    await close();
  });

  it('writes only the sessions of the networks that it is given, each by its own address', async () => {
    const { observer, output, close } = await make({ clients: ['192.0.2.0/24', '2001:db8::/32'] });
    for (const remoteAddress of ['192.0.2.1', '198.51.100.1', '2001:db8::1', '']) {
      const session = testSession({ id: remoteAddress, remoteAddress });
      observer.commandReceived(session, 'NOOP');
      observer.commandReceived(session, 'QUIT');
    }
    observer.limitReached(undefined, 'connections');
    const ids = (await output()).split('\n').map((line) => line.split(' ')[1]);
    expect(ids).toEqual(['192.0.2.1', '192.0.2.1', '2001:db8::1', '2001:db8::1', undefined]);
    await close();
  });

  it('goes on in a new file on SIGUSR2', async () => {
    const { observer, file, output, close } = await make();
    observer.commandReceived(testSession(), 'NOOP');
    renameSync(file, `${file}.1`);
    process.emit('SIGUSR2', 'SIGUSR2');
    await output();
    observer.commandReceived(testSession(), 'QUIT');
    expect(await output()).toContain('C: QUIT');
    expect(readFileSync(`${file}.1`, 'utf8')).toContain('C: NOOP');
    await close();
  });

  it('tells the logger when it cannot write', async () => {
    const { observer, logged, close } = await make();
    const full = Object.assign(new Error('disk full'), { code: 'ENOSPC' });
    jest.spyOn(fs, 'write').mockImplementation(((...args: unknown[]) => {
      setImmediate(args[5] as (error: Error) => void, full);
    }) as never);
    observer.commandReceived(testSession(), 'NOOP');
    await close();
    expect(logged).toMatchObject([
      { level: 'warn', message: expect.stringContaining('cannot write to the log file'), fields: { error: full } },
    ]);
  });
});

describe('the manifest', () => {
  it('contributes one observer', () => {
    expect(transcriptPlugin.name).toBe('logging-transcript');
    expect(contributionsOf(transcriptPlugin)).toEqual([
      { kind: 'observer', name: 'transcript', value: TranscriptObserver },
    ]);
  });

  it('has defaults for all options', () => {
    expect(transcriptOptions.parse({})).toEqual({ destination: 'stdout' });
  });

  it.each([{ file: 'x' }, { destination: 'syslog' }, { clients: ['192.0.2.0/33'] }, { clients: '192.0.2.1' }])(
    'refuses %j',
    (options) => {
      expect(transcriptOptions.safeParse(options).success).toBe(false);
    },
  );
});
