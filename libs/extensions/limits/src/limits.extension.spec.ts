/** LIMITS: tells what is configured, or nothing at all. */
import { contributionsOf, describeExtension, testSession } from '@mailverb/testing';
import { LimitsExtension } from './limits.extension.js';
import limitsPlugin from './plugin.js';
import { limitsOptions } from './limits.options.js';

const make = (
  options: Parameters<typeof limitsOptions.parse>[0],
  maxMessages = 0,
  maxRecipients = 0,
): LimitsExtension =>
  new LimitsExtension(limitsOptions.parse(options), { ...testSession().listener, maxMessages, maxRecipients });

describeExtension('LIMITS', () => make({ mailMax: 100, rcptMax: 999_999, rcptDomainMax: 1 }));

describe('LIMITS', () => {
  it.each([
    [{ rcptMax: 1000 }, 'RCPTMAX=1000'],
    [{ mailMax: 10 }, 'MAILMAX=10'],
    [{ rcptDomainMax: 5 }, 'RCPTDOMAINMAX=5'],
    [{ rcptDomainMax: 5, mailMax: 10, rcptMax: 1000 }, 'MAILMAX=10 RCPTMAX=1000 RCPTDOMAINMAX=5'],
  ])('tells %j as %s', (options, expected) => {
    expect(make(options).argument()).toBe(expected);
  });

  it.each([
    [{}, 50, 2_000_000, 'MAILMAX=50 RCPTMAX=999999'],
    [{ mailMax: 10, rcptMax: 300 }, 50, 200, 'MAILMAX=10 RCPTMAX=200'],
  ])('tells %j in a listener of %d messages and %d recipients as %s', (options, messages, recipients, expected) => {
    expect(make(options, messages, recipients).argument()).toBe(expected);
  });

  it('is not offered where there is nothing to tell', () => {
    expect(make({}).argument()).toBe(false);
  });

  it.each([{ rcptMax: 0 }, { rcptMax: -1 }, { rcptMax: 1.5 }, { rcptMax: 1_000_000 }, { rcptmax: 5 }])(
    'does not take the options %j (RFC 9422: one to six digits, not 0)',
    (options) => {
      expect(limitsOptions.safeParse(options).success).toBe(false);
    },
  );
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(limitsPlugin.name).toBe('extension-limits');
  expect(contributionsOf(limitsPlugin)).toEqual([{ kind: 'extension', name: undefined, value: LimitsExtension }]);
});
