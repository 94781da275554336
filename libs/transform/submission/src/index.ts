/** The transform submission as a plugin. */
export { SubmissionTransform } from './submission.transform.js';
export { submissionOptions, type SubmissionOptions } from './submission.options.js';
export { submissionPlugin, submissionPlugin as default } from './plugin.js';
