/** The manifest of the delivery strategy maildir. */
import { definePlugin } from '@mailverb/contract';
import { MaildirDelivery } from './maildir.delivery.js';
import { maildirOptions } from './maildir.options.js';

/** Stores messages in Maildirs. */
export const maildirPlugin = definePlugin({
  name: 'delivery-maildir',
  options: maildirOptions,
  register(contribute) {
    contribute.delivery('maildir', MaildirDelivery);
  },
});

export default maildirPlugin;
