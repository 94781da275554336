/** The verb MAIL as a plugin. */
export { MailVerb } from './mail.verb.js';
export { mailPlugin, mailPlugin as default } from './plugin.js';
