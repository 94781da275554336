/** The transcript observer in a server: that it has every line of a session, in order. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { use } from '@mailverb/contract';
import { acceptEverybody, plainVerbs, testServer } from '@mailverb/testing';
import { transcriptPlugin } from './plugin.js';

const folder = mkdtempSync(join(tmpdir(), 'mailverb-transcript-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('TranscriptObserver in a server', () => {
  it('has the whole conversation', async () => {
    const file = join(folder, 'transcript.log');
    const server = await testServer({
      plugins: [plainVerbs(), acceptEverybody(), use(transcriptPlugin, { destination: { file } })],
    });
    const client = server.client();
    await client.untilData('a@example.com', 'b@example.org');
    await client.commands('Subject: secret\r\n\r\nof the mail\r\n.', 'XTOKEN hunter2', 'QUIT');
    await client.ended();
    await server.stop();
    const text = readFileSync(file, 'utf8');
    expect(text).not.toMatch(/secret|hunter2/);
    expect(text.split('\n').map((line) => line.split(' ').slice(2, 4).join(' '))).toEqual([
      '* opened:',
      'S: 220',
      'C: EHLO',
      'S: 250',
      'C: MAIL',
      'S: 250',
      'C: RCPT',
      'S: 250',
      'C: DATA',
      'S: 354',
      'C: [32',
      'S: 250',
      'C: XTOKEN',
      'S: 500',
      'C: QUIT',
      'S: 221',
      '* closed:',
      '',
    ]);
  });
});
