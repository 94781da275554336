/** The manifest of the transform received. */
import { definePlugin } from '@mailverb/contract';
import { receivedOptions } from './received.options.js';
import { ReceivedTransform } from './received.transform.js';

/** Adds a Received field to every message. */
export const receivedPlugin = definePlugin({
  name: 'transform-received',
  options: receivedOptions,
  register(contribute) {
    contribute.transform('received', ReceivedTransform);
  },
});

export default receivedPlugin;
