/** The manifest of the transform submission. */
import { definePlugin } from '@mailverb/contract';
import { submissionOptions } from './submission.options.js';
import { SubmissionTransform } from './submission.transform.js';

/** Makes submitted messages complete. */
export const submissionPlugin = definePlugin({
  name: 'transform-submission',
  options: submissionOptions,
  register(contribute) {
    contribute.transform('submission', SubmissionTransform);
  },
});

export default submissionPlugin;
