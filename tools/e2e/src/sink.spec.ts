/** apps/sink, as its README starts it. */
import { join } from 'node:path';
import { Client } from './client';
import { ROOT } from './folder';
import { MailServer } from './server';

it('starts, takes mail for anybody, and stops', async () => {
  const server = await MailServer.from(process.execPath, [join(ROOT, 'apps/sink/dist/main.js'), '0'], ROOT);
  expect(server.said()).toBe(`listening on 127.0.0.1:${server.port}\n`);
  const client = await Client.greeted(server.port);
  for (let n = 0; n < 3; n++) {
    await client.data('me@example.net', `somebody-${n}@example.com`);
    client.write('Subject: x\r\n\r\nhello\r\n.\r\n');
    expect((await client.expect(250)).text).toContain('discarded');
  }
  await client.expect(221, 'QUIT');
  expect(await server.stop()).toBe(0);
});
