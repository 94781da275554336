/** The server that whole sessions are tried with: every verb and extension, the recipients of example.org, and a delivery that keeps messages. */
import { use, type PluginUse } from '@mailverb/contract';
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

export const SESSION_PLUGINS: readonly PluginUse[] = [
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
];
