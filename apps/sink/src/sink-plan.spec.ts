import { connect } from 'node:net';
import { createServer } from '@mailverb/core';
import { sinkPlan } from './sink-plan.js';

/** Sends one text after another, each when there is an answer to the one before, and resolves to all that came back. */
function talk(port: number, texts: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const rest = [...texts];
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      answer += chunk;
      const next = answer.endsWith('\r\n') ? rest.shift() : undefined;
      if (next !== undefined) socket.write(next);
    });
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}

describe('the sink', () => {
  it('takes mail for anybody, over TCP, and keeps nothing', async () => {
    const server = await createServer(sinkPlan({ port: 0 }));
    await server.start();
    try {
      const port = server.addresses()[0]?.port ?? 0;
      const answer = await talk(port, [
        'HELO me.example.org\r\n',
        'MAIL FROM:<me@example.org>\r\nRCPT TO:<you@anywhere.example>\r\nBDAT 6 LAST\r\nhi\r\n\r\nQUIT\r\n',
      ]);
      expect(answer.split('\r\n').map((line) => line.slice(0, 3))).toEqual([
        '220',
        '250',
        '250',
        '250',
        '250',
        '221',
        '',
      ]);
    } finally {
      await server.stop();
    }
  });

  it('knows the twelve verbs and nine extensions', async () => {
    const { assembly } = await createServer(sinkPlan());
    const [listener] = assembly.listeners;
    expect(listener?.verbs.map(({ verb }) => verb)).toHaveLength(12);
    expect(listener?.keywords.map(({ keyword }) => keyword)).toEqual([
      'PIPELINING',
      'SIZE',
      '8BITMIME',
      'SMTPUTF8',
      'ENHANCEDSTATUSCODES',
      'CHUNKING',
      'BINARYMIME',
      'DSN',
      'LIMITS',
    ]);
    expect(listener?.delivery).toMatchObject({ name: 'discard', durability: 'none' });
    expect(listener?.address).toEqual({ host: '127.0.0.1', port: 2526 });
  });
});
