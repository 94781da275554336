/**
 * Kamaelia's greylisting server: takes mail for a mail server behind, from whoever may send, once who is new has come again. What the mail server behind says
 * is what the client hears. A plan is a list; read it from the top.
 */
// First: tsyringe, which every plugin loads, wants it to be there.
import 'reflect-metadata';
import { definePlugin, reject, use, type PluginUse } from '@mailverb/contract';
import type { ServerPlan } from '@mailverb/core';
import { eightBitMimePlugin } from '@mailverb/extension-8bitmime';
import { chunkingPlugin } from '@mailverb/extension-chunking';
import { dsnPlugin } from '@mailverb/extension-dsn';
import { enhancedStatusCodesPlugin } from '@mailverb/extension-enhancedstatuscodes';
import { limitsPlugin } from '@mailverb/extension-limits';
import { pipeliningPlugin } from '@mailverb/extension-pipelining';
import { sizePlugin } from '@mailverb/extension-size';
import { smtpUtf8Plugin } from '@mailverb/extension-smtputf8';
import { auditPlugin } from '@mailverb/logging-audit';
import { pinoPlugin } from '@mailverb/logging-pino';
import { transcriptPlugin } from '@mailverb/logging-transcript';
import { greylistPlugin } from '@mailverb/policy-greylist';
import { recipientsPlugin } from '@mailverb/policy-recipients';
import { relayControlPlugin } from '@mailverb/policy-relay-control';
import { unlessPlugin } from '@mailverb/policy-unless';
import { reply } from '@mailverb/protocol';
import { proxyPlugin } from '@mailverb/proxy-smtp';
import { lmdbPlugin } from '@mailverb/store-lmdb';
import { receivedPlugin } from '@mailverb/transform-received';
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
import { greetingOf, type Configuration } from './configuration.js';

/** Refuses every recipient: asked where nobody would be vouched for, so that strangers do not wait for what they never get. */
const relayingDenied = definePlugin({
  name: 'policy-relaying-denied',
  register(contribute) {
    const denied = reject(reply(550, '5.7.1', 'relaying denied'), 'neither an allowed domain nor an allowed sender');
    contribute.policy('relaying-denied', { rcpt: () => denied });
  },
});

/** A plan for `createServer` of @mailverb/core. */
export function greylistPlan(configuration: Configuration): ServerPlan {
  const { serverName, serverId, host, port, upstream, allowedDomains, times, inactivityTimeout, log, debugLog, store } =
    configuration;
  const clients = [...configuration.allowedSenders, ...configuration.allowedSenderNetworks];
  const triples = [
    ...configuration.whitelistedTriples,
    ...configuration.whitelistedNonstandardTriples.map(({ network, ...rest }) => ({ client: network, ...rest })),
  ];
  const verbs = [
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
  ];
  // Of these the proxy offers what the server behind has too.
  const extensions = [
    use(pipeliningPlugin),
    use(sizePlugin),
    use(eightBitMimePlugin),
    use(smtpUtf8Plugin),
    use(enhancedStatusCodesPlugin),
    use(chunkingPlugin),
    use(dsnPlugin),
    use(limitsPlugin),
  ];
  const policies: PluginUse[] = [
    // RFC 5321 4.5.1: mail for the postmaster of no domain in particular is taken.
    use(unlessPlugin, {
      networks: clients,
      recipients: [...allowedDomains, 'postmaster'],
      // oxlint-disable-next-line unicorn/no-thenable
      then: [use(relayingDenied)],
    }),
    use(greylistPlugin, { ...times, allow: { clients, triples } }),
    ...(allowedDomains.length === 0 ? [] : [use(recipientsPlugin, { domains: allowedDomains })]),
    ...(clients.length === 0 ? [] : [use(relayControlPlugin, { networks: clients, authenticated: false })]),
  ];
  const idle = inactivityTimeout;
  return {
    hostname: serverName,
    plugins: [
      use(pinoPlugin),
      use(auditPlugin, { format: 'kamaelia', destination: { file: log } }),
      ...(debugLog === undefined ? [] : [use(transcriptPlugin, { destination: { file: debugLog } })]),
      use(lmdbPlugin, { path: store }),
    ],
    listeners: [
      {
        name: 'greylist',
        host,
        port,
        greeting: greetingOf(serverId),
        plugins: [...verbs, ...extensions, ...policies, use(receivedPlugin)],
        delivery: use(proxyPlugin, upstream),
        // A 250 is the server's behind, or there is none (defect K3).
        minimumDurability: 'remote',
        timeouts: { connected: idle, greeted: idle, mail: idle, rcpt: idle, data: idle },
      },
    ],
  };
}
