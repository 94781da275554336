/** The client's side of SASL: mechanisms without I/O, and which of them to use. */
export { chooseMechanism, type ChooseOptions } from './choose.js';
export {
  sealCredentials,
  type ClientCredentials,
  type ExternalCredentials,
  type PasswordCredentials,
  type TokenCredentials,
  type TokenProvider,
} from './credentials.js';
export { ExternalClient } from './external.js';
export { LoginClient } from './login.js';
export type { ClientExchange, ClientMechanism } from './mechanism.js';
export { OauthBearerClient, Xoauth2Client } from './oauth.js';
export { PlainClient } from './plain.js';
export { SaslError, type SaslFault } from './sasl-error.js';
export { MAX_ITERATIONS, MIN_ITERATIONS, ScramClient, type ScramBinding } from './scram.js';
