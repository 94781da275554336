/** Plugins in a folder of their own, outside the repository and with nothing installed beside them, named in a configuration. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from './client';
import { folder } from './folder';
import { run } from './program';
import { MAIN, MailServer } from './server';

const VERB = `
import { definePlugin } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';

export default definePlugin({
  name: 'verb-xhello',
  register: (contribute) =>
    contribute.verb({
      name: 'XHELLO',
      phases: ['connected', 'greeted'],
      help: 'XHELLO <name>',
      parse: (args) => (args === '' ? reply(501, '5.5.4', 'say who you are') : args),
      perform: (name) => ({ reply: reply(250, '2.0.0', \`Hello \${name}\`) }),
    }),
});
`;

/** In TypeScript, a class with decorators and options. */
const POLICY = `
import { Options, definePlugin, defer, pass, type Policy, type RcptInput, type Verdict } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import { z } from 'zod';

const options = z.strictObject({ names: z.array(z.string()) });

@injectable()
class AtLunch implements Policy {
  constructor(@inject(Options) private readonly options: z.output<typeof options>) {}

  rcpt({ mailbox }: RcptInput): Verdict {
    const away = this.options.names.includes(mailbox.local);
    return away ? defer(reply(450, '4.2.1', 'at lunch'), 'lunch') : pass();
  }
}

export const atLunch = definePlugin({
  name: 'policy-at-lunch',
  options,
  register: (contribute) => contribute.policy('at-lunch', AtLunch),
});
`;

const DELIVERY = `
import { appendFile } from 'node:fs/promises';
import { definePlugin, delivered, outcomes } from '@mailverb/contract';

const strategy = {
  durability: 'memory',
  begin(envelope) {
    const recipients = [];
    const chunks = [];
    return {
      recipient: (recipient) => void recipients.push(recipient),
      async body(body) {
        for await (const chunk of body) chunks.push(Buffer.from(chunk));
      },
      async commit() {
        await appendFile('taken', Buffer.concat(chunks));
        return outcomes(recipients, delivered('appended'));
      },
      abort: () => undefined,
    };
  },
};

export default definePlugin({
  name: 'delivery-appender',
  register: (contribute) => contribute.delivery('appender', strategy),
});
`;

function outside(): { readonly plugins: string; readonly work: string } {
  const [plugins, work] = [folder(), folder()];
  writeFileSync(join(plugins, 'xhello.mjs'), VERB);
  writeFileSync(join(plugins, 'at-lunch.ts'), POLICY);
  // A folder with a package.json is a plugin too.
  mkdirSync(join(plugins, 'appender'));
  writeFileSync(join(plugins, 'appender/package.json'), '{ "type": "module", "main": "./plugin.js" }');
  writeFileSync(join(plugins, 'appender/plugin.js'), DELIVERY);
  return { plugins, work };
}

const configuration = (plugins: string): object => ({
  plugins: [join(plugins, 'xhello.mjs')],
  policies: [
    { use: join(plugins, 'at-lunch.ts'), names: ['bob'] },
    { use: 'recipients', domains: ['example.org'] },
  ],
  delivery: join(plugins, 'appender'),
  transforms: [],
  listeners: [{ name: 'mx', port: 0 }],
});

it('a verb, a policy in TypeScript and a delivery work by path', async () => {
  const { plugins, work } = outside();
  const server = await MailServer.start(work, configuration(plugins));
  const client = await Client.greeted(server.port);
  expect((await client.expect(250, 'xhello Ann')).text).toBe('250 2.0.0 Hello Ann\r\n');
  expect((await client.expect(501, 'XHELLO')).text).toBe('501 5.5.4 say who you are\r\n');
  expect((await client.expect(214, 'HELP')).text).toContain('XHELLO');
  await client.expect(250, 'MAIL FROM:<me@example.net>');
  await client.expect(503, 'XHELLO Ann');
  expect((await client.expect(450, 'RCPT TO:<bob@example.org>')).text).toBe('450 4.2.1 at lunch\r\n');
  await client.expect(250, 'RCPT TO:<ann@example.org>');
  await client.expect(354, 'DATA');
  client.write('Subject: out there\r\n\r\n..\r\n.\r\n');
  expect((await client.expect(250)).text).toContain('appended');
  await client.expect(221, 'QUIT');
  expect(readFileSync(join(work, 'taken'), 'latin1')).toBe('Subject: out there\r\n\r\n.\r\n');
  expect(await server.stop()).toBe(0);
});

it('what is wrong with their options is said before anything listens', async () => {
  const { plugins, work } = outside();
  const file = join(work, 'wrong.json');
  const wrong = { ...configuration(plugins), policies: [{ use: join(plugins, 'at-lunch.ts'), nmaes: ['bob'] }] };
  writeFileSync(file, JSON.stringify(wrong));
  const { code, stderr } = await run(process.execPath, [MAIN, 'serve', '--config', file], { cwd: work });
  expect(code).toBe(78);
  expect(stderr).toContain('policies[0].nmaes');
  expect(stderr).not.toContain('    at ');
});
