/** The manifest of the delivery strategy s3. */
import { definePlugin } from '@mailverb/contract';
import { s3Options } from './s3.options.js';
import { S3Delivery } from './s3.delivery.js';

/** Takes every message, and keeps nothing yet. */
export const s3Plugin = definePlugin({
  name: 'delivery-s3',
  options: s3Options,
  register(contribute) {
    contribute.delivery('s3', S3Delivery);
  },
});

export default s3Plugin;
