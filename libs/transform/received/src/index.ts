/** The transform received as a plugin. */
export { ReceivedTransform } from './received.transform.js';
export { receivedOptions, type ReceivedOptions } from './received.options.js';
export { receivedPlugin, receivedPlugin as default } from './plugin.js';
