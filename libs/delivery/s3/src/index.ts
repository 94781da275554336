/** The delivery strategy s3 as a plugin. */
export { S3Delivery } from './s3.delivery.js';
export { s3Options, type S3Options, type S3OptionsInput } from './s3.options.js';
export { s3Plugin, s3Plugin as default } from './plugin.js';
