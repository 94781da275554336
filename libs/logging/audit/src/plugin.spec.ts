/** The manifest of the audit observer. */
import { contributionsOf } from '@mailverb/testing';
import { AuditObserver } from './audit.observer.js';
import { auditOptions } from './audit.options.js';
import { auditPlugin } from './plugin.js';

describe('the manifest', () => {
  it('contributes one observer', () => {
    expect(auditPlugin.name).toBe('logging-audit');
    expect(contributionsOf(auditPlugin)).toEqual([{ kind: 'observer', name: 'audit', value: AuditObserver }]);
  });

  it('has defaults for all options', () => {
    expect(auditOptions.parse({})).toEqual({ format: 'json', destination: 'stdout' });
  });

  it.each([{ file: 'x' }, { format: 'csv' }, { destination: { file: 'x', mode: 1 } }])('refuses %j', (options) => {
    expect(auditOptions.safeParse(options).success).toBe(false);
  });
});
