/** The transform return-path as a plugin. */
export { ReturnPathTransform } from './return-path.transform.js';
export { returnPathPlugin, returnPathPlugin as default } from './plugin.js';
