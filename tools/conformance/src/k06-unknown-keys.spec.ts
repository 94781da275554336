/** Defect K6: a key that was read and never used. Keys that nobody knows are errors, all of them at once, with path and nearest name. */
import { ConfigurationError } from '@mailverb/core';
import { use } from '@mailverb/contract';
import { recipientsPlugin } from '@mailverb/policy-recipients';
import { everything, withPolicies } from './assembly.js';
import { rubbish } from './broken.js';

it('K6: unknown keys are errors', async () => {
  const changes = {
    limits: rubbish<object>({ errrors: 3, recipients: 5 }),
    timeouts: rubbish<object>({ idle: '5m' }),
    plugins: withPolicies(use(recipientsPlugin, rubbish<object>({ domains: ['example.org'], catchall: true }))),
  };
  const error: unknown = await everything(changes).catch((reason: unknown) => reason);
  if (!(error instanceof ConfigurationError)) throw new Error('the server was built', { cause: error });
  expect(error.issues.map(({ path, nearest }) => [path, nearest])).toEqual(
    expect.arrayContaining([
      [expect.stringMatching(/plugins\[\d+\]\.catchall$/), 'catchAll'],
      [expect.stringMatching(/limits\.errrors$/), 'errors'],
      [expect.stringMatching(/timeouts\.idle$/), undefined],
    ]),
  );
});
