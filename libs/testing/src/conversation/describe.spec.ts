import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failuresOf } from '../contracts/collect-failures.js';
import { acceptEverybody, plainVerbs } from '../server/plain-verbs.js';
import { listenerSettings } from '../server/settings.js';
import { testServer } from '../server/test-server.js';
import { describeConversations, readConversations, type MakeServer } from './describe.js';

const plugins = [plainVerbs(), acceptEverybody()];
const transports: string[] = [];
const makeServer: MakeServer = (conversation, transport) => {
  transports.push(`${conversation.name} ${transport}`);
  const { listener, others } = listenerSettings(conversation);
  for (const name of others.keys()) throw new Error(`unknown setting ${name}`);
  return testServer({ plugins, transport, ...listener });
};

describe('describeConversations', () => {
  const root = mkdtempSync(join(tmpdir(), 'mailverb-conversations-'));
  afterAll(() => rmSync(root, { recursive: true }));

  function folder(files: Readonly<Record<string, string>>): string {
    const path = mkdtempSync(join(root, 'f-'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
    return path;
  }

  describeConversations(
    folder({
      'a.smtp': '@ hostname a.example\nS: 220 a.example *\nC: QUIT\nS: 221 *\nS! closed\n',
      'b.smtp':
        '@ limits.recipients 1\nS: 220 *\nC: HELO c\nS: 250 *\nC: MAIL FROM:<>\nS: 250 *\nC:* 2 RCPT TO:<a@b.example>\nS: 250 *\nS: 452 *',
      'c.smtp': '@ timeouts.connected 1m\nS: 220 *\nT: 1m\nT: 2s\nS: 421 *\nS! closed',
      'd.smtp': '@ run random tcp\nS: 220 *',
      'notes.md': 'no conversation',
    }),
    makeServer,
  );

  it('ran each file in every way that it allows, and those with time not over TCP', () => {
    const runs = (file: string) => transports.filter((one) => one.startsWith(file)).map((one) => one.split(' ')[1]);
    expect(runs('a')).toEqual(['memory', 'memory', 'memory', 'tcp']);
    expect(runs('b')).toEqual(['memory', 'memory', 'memory', 'tcp']);
    expect(runs('c')).toEqual(['memory', 'memory', 'memory']);
    expect(runs('d')).toEqual(['memory', 'tcp']);
    expect(transports).toHaveLength(13);
  });

  it.each([
    ['S: 221 *', 4],
    ['C: NOOP', 4],
    ['@ colour red\nC: NOOP', 4],
    ['@ limits.colour red\nC: NOOP', 4],
    ['S: 220 *\nX', 1],
    ['@ run whole\nS: 221 *', 1],
  ])('fails for %j, %i times', async (text, times) => {
    const path = folder({ 'x.smtp': text });
    expect(await failuresOf(() => describeConversations(path, makeServer))).toHaveLength(times);
  });

  it('will not have an empty folder', () => {
    const path = join(root, 'empty');
    mkdirSync(path);
    expect(() => readConversations(path)).toThrow('no conversation');
  });
});
