/** The delivery strategy maildir as a plugin. */
export { MaildirDelivery } from './maildir.delivery.js';
export { maildirOptions, type MaildirOptions, type MaildirOptionsInput } from './maildir.options.js';
export { maildirPlugin, maildirPlugin as default } from './plugin.js';
