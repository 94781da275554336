/** The manifest of the audit observer. */
import { definePlugin } from '@mailverb/contract';
import { AuditObserver } from './audit.observer.js';
import { auditOptions } from './audit.options.js';

/** Watches sessions, and writes down what became of the mail. */
export const auditPlugin = definePlugin({
  name: 'logging-audit',
  options: auditOptions,
  register(contribute) {
    contribute.observer('audit', AuditObserver);
  },
});

export default auditPlugin;
