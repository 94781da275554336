/** The authenticator static as a plugin. */
export { makeEntry, putEntry, type Entry, type EntryKind } from './entry.js';
export { StaticAuthenticator } from './static.authenticator.js';
export { staticOptions, type StaticOptions } from './static.options.js';
export { formatOf, type UsersFormat } from './users-file.js';
export { staticAuthPlugin, staticAuthPlugin as default } from './plugin.js';
