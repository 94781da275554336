/** The delivery strategy router as a plugin. */
export { routerPlugin, routerPlugin as default } from './plugin.js';
export { RouterDelivery } from './router.delivery.js';
export { routerOptions, type Route, type RouterOptions, type RouterOptionsInput } from './router.options.js';
