/** Every plugin that conversations may name, and the assembly of all that have SMTP behaviour. */
import { use, type Plugin, type PluginUse } from '@mailverb/contract';
import { discardPlugin } from '@mailverb/delivery-discard';
import { memoryPlugin } from '@mailverb/delivery-memory';
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
import { startTlsPlugin as startTlsExtensionPlugin } from '@mailverb/extension-starttls';
import { xClientPlugin as xClientExtensionPlugin } from '@mailverb/extension-xclient';
import { xForwardPlugin as xForwardExtensionPlugin } from '@mailverb/extension-xforward';
import { callAheadPlugin } from '@mailverb/policy-call-ahead';
import { delayPlugin } from '@mailverb/policy-delay';
import { dnsblPlugin } from '@mailverb/policy-dnsbl';
import { fcrdnsPlugin } from '@mailverb/policy-fcrdns';
import { greylistPlugin } from '@mailverb/policy-greylist';
import { heloCheckPlugin } from '@mailverb/policy-helo-check';
import { rateLimitPlugin } from '@mailverb/policy-rate-limit';
import { recipientsPlugin } from '@mailverb/policy-recipients';
import { relayControlPlugin } from '@mailverb/policy-relay-control';
import { requirePlugin } from '@mailverb/policy-require';
import { senderLoginPlugin } from '@mailverb/policy-sender-login';
import { unlessPlugin } from '@mailverb/policy-unless';
import { externalPlugin } from '@mailverb/sasl-external';
import { loginPlugin } from '@mailverb/sasl-login';
import { oauthPlugin } from '@mailverb/sasl-oauth';
import { plainPlugin } from '@mailverb/sasl-plain';
import { scramPlugin } from '@mailverb/sasl-scram';
import { memoryStorePlugin } from '@mailverb/store-memory';
import { receivedPlugin } from '@mailverb/transform-received';
import { returnPathPlugin } from '@mailverb/transform-return-path';
import { authPlugin } from '@mailverb/verb-auth';
import { bdatPlugin } from '@mailverb/verb-bdat';
import { dataPlugin } from '@mailverb/verb-data';
import { ehloPlugin } from '@mailverb/verb-ehlo';
import { expnPlugin } from '@mailverb/verb-expn';
import { heloPlugin } from '@mailverb/verb-helo';
import { helpPlugin } from '@mailverb/verb-help';
import { lhloPlugin } from '@mailverb/verb-lhlo';
import { mailPlugin } from '@mailverb/verb-mail';
import { noopPlugin } from '@mailverb/verb-noop';
import { quitPlugin } from '@mailverb/verb-quit';
import { rcptPlugin } from '@mailverb/verb-rcpt';
import { rsetPlugin } from '@mailverb/verb-rset';
import { startTlsPlugin } from '@mailverb/verb-starttls';
import { vrfyPlugin } from '@mailverb/verb-vrfy';
import { xClientPlugin } from '@mailverb/verb-xclient';
import { xForwardPlugin } from '@mailverb/verb-xforward';
import { failingPlugin, refusePlugin, refusingPlugin } from './refusing.js';

/** All verbs and extensions, in the order in which EHLO lists them, with the mechanisms and the store that AUTH needs. */
export const EVERY_VERB_AND_EXTENSION: readonly PluginUse[] = [
  use(heloPlugin),
  use(ehloPlugin),
  use(lhloPlugin),
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
  // What the limits of a listener are by default.
  use(limitsPlugin, { mailMax: 10_000, rcptMax: 1000 }),
  // What follows needs something more of the listener, and does not exist without it: a certificate, users, trusted peers.
  use(startTlsPlugin),
  use(startTlsExtensionPlugin),
  use(authPlugin),
  use(authExtensionPlugin),
  use(xClientPlugin),
  use(xClientExtensionPlugin),
  use(xForwardPlugin),
  use(xForwardExtensionPlugin),
  // In the order in which they are offered.
  use(scramPlugin),
  use(plainPlugin),
  use(loginPlugin),
  use(oauthPlugin),
  use(externalPlugin),
  // Where AUTH counts failures.
  use(memoryStorePlugin),
];

/** Our domain is example.org, and everybody is there. */
export const OUR_RECIPIENTS: PluginUse = use(recipientsPlugin, { domains: ['example.org'] });

/** The trace field. */
export const RECEIVED: PluginUse = use(receivedPlugin);

const KINDS = ['verb', 'extension', 'sasl', 'policy', 'transform', 'delivery'];

const BY_NAME: ReadonlyMap<string, Plugin> = new Map(
  [
    ...EVERY_VERB_AND_EXTENSION.map(({ plugin }) => plugin),
    callAheadPlugin,
    delayPlugin,
    dnsblPlugin,
    fcrdnsPlugin,
    greylistPlugin,
    heloCheckPlugin,
    rateLimitPlugin,
    recipientsPlugin,
    relayControlPlugin,
    requirePlugin,
    senderLoginPlugin,
    unlessPlugin,
    receivedPlugin,
    returnPathPlugin,
    discardPlugin,
    memoryPlugin,
    failingPlugin,
    refusePlugin,
    refusingPlugin,
  ].map((plugin) => [plugin.name, plugin as Plugin]),
);

/** The plugin of a name: `policy-recipients`, or `recipients` where no other kind has it. @throws for an unknown one. */
export function pluginNamed(name: string, kind?: string): Plugin {
  const names = [name, ...(kind === undefined ? KINDS : [kind]).map((one) => `${one}-${name}`)];
  for (const one of names) {
    const plugin = BY_NAME.get(one);
    if (plugin !== undefined) return plugin;
  }
  throw new Error(`no plugin is named ${name}`);
}
