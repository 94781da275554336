/**
 * The server that whole sessions are tried with: every verb and extension, users, trusted peers, the recipients of example.org, and a delivery that
 * keeps messages. All clients are on this machine, so that they may say passwords and speak for others.
 */
import { Clock, Logger, definePlugin, use, type PluginUse } from '@mailverb/contract';
import { createServer } from '@mailverb/core';
import { eightBitMimePlugin } from '@mailverb/extension-8bitmime';
import { authExtensionPlugin } from '@mailverb/extension-auth';
import { binaryMimePlugin } from '@mailverb/extension-binarymime';
import { chunkingPlugin } from '@mailverb/extension-chunking';
import { dsnPlugin } from '@mailverb/extension-dsn';
import { enhancedStatusCodesPlugin } from '@mailverb/extension-enhancedstatuscodes';
import { limitsPlugin } from '@mailverb/extension-limits';
import { pipeliningPlugin } from '@mailverb/extension-pipelining';
import { sizePlugin } from '@mailverb/extension-size';
import { smtpUtf8Plugin } from '@mailverb/extension-smtputf8';
import { xClientPlugin as xClientExtensionPlugin } from '@mailverb/extension-xclient';
import { xForwardPlugin as xForwardExtensionPlugin } from '@mailverb/extension-xforward';
import { cidrList } from '@mailverb/options';
import { recipientsPlugin } from '@mailverb/policy-recipients';
import { loginPlugin } from '@mailverb/sasl-login';
import { oauthPlugin } from '@mailverb/sasl-oauth';
import { plainPlugin } from '@mailverb/sasl-plain';
import { scramPlugin } from '@mailverb/sasl-scram';
import { memoryStorePlugin } from '@mailverb/store-memory';
import {
  FakeClock,
  Mailroom,
  TestAuthenticator,
  TestServer,
  recordingLogger,
  recordingObserver,
  remembering,
  testUser,
  type LogLine,
  type ObserverEvent,
} from '@mailverb/testing';
import { authPlugin } from '@mailverb/verb-auth';
import { bdatPlugin } from '@mailverb/verb-bdat';
import { dataPlugin } from '@mailverb/verb-data';
import { ehloPlugin } from '@mailverb/verb-ehlo';
import { expnPlugin } from '@mailverb/verb-expn';
import { heloPlugin } from '@mailverb/verb-helo';
import { helpPlugin } from '@mailverb/verb-help';
import { mailPlugin } from '@mailverb/verb-mail';
import { noopPlugin } from '@mailverb/verb-noop';
import { quitPlugin } from '@mailverb/verb-quit';
import { rcptPlugin } from '@mailverb/verb-rcpt';
import { rsetPlugin } from '@mailverb/verb-rset';
import { vrfyPlugin } from '@mailverb/verb-vrfy';
import { xClientPlugin } from '@mailverb/verb-xclient';
import { xForwardPlugin } from '@mailverb/verb-xforward';

/** Octets of a command line. */
export const COMMAND_LINE = 600;

const LOOPBACK = { remoteAddress: '127.0.0.1', remotePort: 50_000, localAddress: '127.0.0.1', localPort: 25 };

const users = new TestAuthenticator({ users: [testUser('ann', { password: 'secret', token: 'token' })] });
const authenticator = definePlugin({ name: 'auth-fuzz', register: (contribute) => contribute.authenticator(users) });

const PLUGINS: readonly PluginUse[] = [
  use(heloPlugin),
  use(ehloPlugin),
  use(mailPlugin),
  use(rcptPlugin),
  use(dataPlugin),
  use(bdatPlugin),
  use(rsetPlugin),
  use(noopPlugin),
  use(quitPlugin),
  use(vrfyPlugin),
  use(expnPlugin),
  use(helpPlugin),
  use(pipeliningPlugin),
  use(sizePlugin),
  use(eightBitMimePlugin),
  use(smtpUtf8Plugin),
  use(enhancedStatusCodesPlugin),
  use(chunkingPlugin),
  use(binaryMimePlugin),
  use(dsnPlugin),
  use(limitsPlugin, {}),
  use(recipientsPlugin, { domains: ['example.org'] }),
  use(memoryStorePlugin),
  use(scramPlugin),
  use(plainPlugin),
  use(loginPlugin),
  use(oauthPlugin),
  use(authExtensionPlugin),
  // No session may remember another's failures, or what is said would depend on what was tried before.
  use(authPlugin, { failures: { delay: 0, perSession: 0, perAddress: 0, perIdentity: 0 } }),
  use(authenticator),
  use(xClientPlugin),
  use(xClientExtensionPlugin),
  use(xForwardPlugin),
  use(xForwardExtensionPlugin),
];

/** A started server. */
export async function sessionServer(): Promise<TestServer> {
  const clock = new FakeClock();
  const room = new Mailroom();
  const events: ObserverEvent[] = [];
  const log: LogLine[] = [];
  const services = definePlugin({
    name: 'service-fuzz',
    register(contribute) {
      contribute.service(Clock, clock);
      contribute.service(Logger, recordingLogger(log));
      contribute.observer('recording', recordingObserver(events));
    },
  });
  const server = await createServer({
    hostname: 'mx.example.org',
    plugins: [use(services)],
    listeners: [
      {
        name: 'test',
        plugins: PLUGINS,
        delivery: remembering(room),
        trustedPeers: cidrList().parse(['127.0.0.0/8']),
        authWithoutTls: 'loopback',
        // A group is cut at random here, and must be understood all the same.
        limits: { pipelining: 'lenient', commandLine: COMMAND_LINE },
      },
    ],
  });
  await server.start();
  return new TestServer(server, clock, events, log, room, { endpoint: LOOPBACK });
}
