/** The audit observer as a plugin. */
export { AuditObserver } from './audit.observer.js';
export { auditOptions, type AuditOptions } from './audit.options.js';
export { auditPlugin, auditPlugin as default } from './plugin.js';
