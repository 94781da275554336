/** What SASL mechanisms and the verb AUTH share: base64, SASLprep, names, GS2 headers, who may act as whom, words for failures. */
export { authorize, conclude, isName } from './authorize.js';
export { decodeBase64, decodeInitialResponse, encodeBase64 } from './base64.js';
export { malformed, NOT_ALLOWED, WRONG } from './failures.js';
export { parseGs2Header, unescapeSaslName, type Gs2Header } from './gs2.js';
export { MAX_NAME_OCTETS, prepareName, readName, readSecret } from './names.js';
export { saslPrep } from './saslprep.js';
export { decodeUtf8 } from './utf8.js';
