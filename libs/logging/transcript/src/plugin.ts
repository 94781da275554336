/** The manifest of the transcript observer. */
import { definePlugin } from '@mailverb/contract';
import { TranscriptObserver } from './transcript.observer.js';
import { transcriptOptions } from './transcript.options.js';

/** Watches sessions, and writes down what was said. */
export const transcriptPlugin = definePlugin({
  name: 'logging-transcript',
  options: transcriptOptions,
  register(contribute) {
    contribute.observer('transcript', TranscriptObserver);
  },
});

export default transcriptPlugin;
