/** The manifest of the delivery strategy s3. */
import { definePlugin } from '@mailverb/contract';
import { S3Delivery } from './s3.delivery.js';
import { s3Options } from './s3.options.js';

/** Puts messages into a bucket. */
export const s3Plugin = definePlugin({
  name: 'delivery-s3',
  options: s3Options,
  register(contribute) {
    contribute.delivery('s3', S3Delivery);
  },
});

export default s3Plugin;
