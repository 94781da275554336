/** The delivery strategy rewrite as a plugin. */
export { RewriteDelivery } from './rewrite.delivery.js';
export { rewriteOptions, type RewriteOptions, type RewriteOptionsInput } from './rewrite.options.js';
export { rewritePlugin, rewritePlugin as default } from './plugin.js';
