/** The delivery strategy pipe as a plugin. */
export { PipeDelivery } from './pipe.delivery.js';
export { pipeOptions, type PipeOptions, type PipeOptionsInput } from './pipe.options.js';
export { pipePlugin, pipePlugin as default } from './plugin.js';
