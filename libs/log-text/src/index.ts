/** What loggers and observers share: text that is one line, fields that are plain, secrets that are not shown. */
export { wantsColour } from './colour.js';
export { escapeColumn, escapeJson, escapeText, hasUnsafe } from './escape.js';
export { endpoint, isoTime } from './facts.js';
export { LEVEL_CHOICES, LOG_LEVELS, reaches, type LevelChoice } from './levels.js';
export { REDACTED, UNREADABLE, plainFields, plainText, type Plain, type PlainFields } from './plain.js';
export { secretNames } from './secrets.js';
