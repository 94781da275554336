// @ts-check
/** What differs between the kinds of plugins beside their template files (files/<kind>). */

/**
 * The names of one library.
 * @typedef {object} Names
 * @property {string} name `my-policy`
 * @property {string} word `MyPolicy`
 * @property {string} upper `MY-POLICY`
 */

/**
 * @typedef {object} Kind
 * @property {string} kind The generator's name, and that of the folder of its template files.
 * @property {string} folder The room where its libraries stand.
 * @property {string} prefix Of the package's name: `policy-my-policy`.
 * @property {string} suffix Of the class and its file: `my-policy.policy.ts`, `MyPolicyPolicy`.
 * @property {(names: Names) => string} title How comments call it.
 * @property {(names: Names) => string} does What the plugin does, in a sentence without its full stop.
 * @property {(names: Names) => string} contribution What `register` says.
 * @property {readonly string[]} libraries What it imports from `@mailverb`, beside the contract.
 */

/** @type {readonly Kind[]} */
const kinds = [
  {
    kind: 'verb',
    folder: 'libs/verbs',
    prefix: 'verb',
    suffix: 'verb',
    title: ({ upper }) => `the verb ${upper}`,
    does: ({ upper }) => `Adds the verb ${upper} to a listener`,
    contribution: ({ word }) => `contribute.verb(${word}Verb)`,
    libraries: ['protocol'],
  },
  {
    kind: 'extension',
    folder: 'libs/extensions',
    prefix: 'extension',
    suffix: 'extension',
    title: ({ upper }) => `the service extension ${upper}`,
    does: ({ upper }) => `Adds the EHLO keyword ${upper} to a listener`,
    contribution: ({ word }) => `contribute.extension(${word}Extension)`,
    libraries: [],
  },
  {
    kind: 'policy',
    folder: 'libs/policy',
    prefix: 'policy',
    suffix: 'policy',
    title: ({ name }) => `the policy ${name}`,
    does: () => 'Says at MAIL which senders are not welcome',
    contribution: ({ name, word }) => `contribute.policy('${name}', ${word}Policy)`,
    libraries: ['options', 'protocol'],
  },
  {
    kind: 'transform',
    folder: 'libs/transform',
    prefix: 'transform',
    suffix: 'transform',
    title: ({ name }) => `the transform ${name}`,
    does: () => 'Adds a header field to every message',
    contribution: ({ name, word }) => `contribute.transform('${name}', ${word}Transform)`,
    libraries: [],
  },
  {
    kind: 'delivery',
    folder: 'libs/delivery',
    prefix: 'delivery',
    suffix: 'delivery',
    title: ({ name }) => `the delivery strategy ${name}`,
    does: () => 'Takes every message, and keeps nothing yet',
    contribution: ({ name, word }) => `contribute.delivery('${name}', ${word}Delivery)`,
    libraries: ['body'],
  },
  {
    kind: 'mechanism',
    folder: 'libs/sasl',
    prefix: 'sasl',
    suffix: 'mechanism',
    title: ({ name }) => `the SASL mechanism ${name}`,
    does: ({ upper }) => `Lets clients prove who they are by X-${upper}`,
    contribution: ({ word }) => `contribute.mechanism(${word}Mechanism)`,
    libraries: ['sasl-text'],
  },
  {
    kind: 'authenticator',
    folder: 'libs/auth',
    prefix: 'auth',
    suffix: 'authenticator',
    title: ({ name }) => `the authenticator ${name}`,
    does: () => 'Knows bearer tokens by their hashes',
    contribution: ({ word }) => `contribute.authenticator(${word}Authenticator)`,
    libraries: [],
  },
  {
    kind: 'store',
    folder: 'libs/store',
    prefix: 'store',
    suffix: 'store',
    title: ({ name }) => `the store ${name}`,
    does: () => 'Keeps what plugins share in a map of this process',
    contribution: ({ word }) => `contribute.store(${word}Store)`,
    libraries: [],
  },
  {
    kind: 'logger',
    folder: 'libs/logging',
    prefix: 'logging',
    suffix: 'logger',
    title: ({ name }) => `the logger ${name}`,
    does: () => 'Provides the service `Logger`: JSON lines on standard output',
    contribution: ({ word }) => `contribute.service(Logger, ${word}Logger)`,
    libraries: ['log-text'],
  },
  {
    kind: 'observer',
    folder: 'libs/logging',
    prefix: 'logging',
    suffix: 'observer',
    title: ({ name }) => `the observer ${name}`,
    does: () => 'Watches transactions, and logs how each ended',
    contribution: ({ name, word }) => `contribute.observer('${name}', ${word}Observer)`,
    libraries: [],
  },
];

/** @type {ReadonlyMap<string, Kind>} */
const KINDS = new Map(kinds.map((kind) => [kind.kind, kind]));

module.exports = { KINDS };
