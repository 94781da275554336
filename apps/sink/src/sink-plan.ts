/** The smallest server there is: speaks all of SMTP, takes mail for anybody, keeps nothing. A plan is a list; read it from the top. */
// First: tsyringe, which every plugin loads, wants it to be there.
import 'reflect-metadata';
import { use } from '@mailverb/contract';
import type { LimitsInput, ServerPlan } from '@mailverb/core';
import { discardPlugin } from '@mailverb/delivery-discard';
import { eightBitMimePlugin } from '@mailverb/extension-8bitmime';
import { binaryMimePlugin } from '@mailverb/extension-binarymime';
import { chunkingPlugin } from '@mailverb/extension-chunking';
import { dsnPlugin } from '@mailverb/extension-dsn';
import { enhancedStatusCodesPlugin } from '@mailverb/extension-enhancedstatuscodes';
import { limitsPlugin } from '@mailverb/extension-limits';
import { pipeliningPlugin } from '@mailverb/extension-pipelining';
import { sizePlugin } from '@mailverb/extension-size';
import { smtpUtf8Plugin } from '@mailverb/extension-smtputf8';
import { recipientsPlugin } from '@mailverb/policy-recipients';
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

/** What may differ. */
export interface SinkOptions {
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string;
  /** TCP port; default 2526, 0 takes any free one. */
  readonly port?: number;
  readonly limits?: LimitsInput;
}

/** A plan for `createServer` of @mailverb/core. */
export function sinkPlan({ host = '127.0.0.1', port = 2526, limits = {} }: SinkOptions = {}): ServerPlan {
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
  const extensions = [
    use(pipeliningPlugin),
    use(sizePlugin),
    use(eightBitMimePlugin),
    use(smtpUtf8Plugin),
    use(enhancedStatusCodesPlugin),
    use(chunkingPlugin),
    use(binaryMimePlugin),
    use(dsnPlugin),
    use(limitsPlugin),
  ];
  return {
    hostname: 'localhost',
    listeners: [
      {
        name: 'sink',
        host,
        port,
        // Without a policy that accepts recipients there would be none.
        plugins: [...verbs, ...extensions, use(recipientsPlugin, { any: true }), use(receivedPlugin)],
        delivery: use(discardPlugin),
        // Whoever measures it does so from one address, and stays.
        limits: { connections: 20_000, connectionsPerAddress: 20_000, messages: 1_000_000, ...limits },
      },
    ],
  };
}
