/** The policy rate-limit as a plugin. */
export { RateLimitPolicy } from './rate-limit.policy.js';
export { rateLimitOptions, type RateLimitOptions, type RateLimitRule } from './rate-limit.options.js';
export { rateLimitPlugin, rateLimitPlugin as default } from './plugin.js';
