/** The transcript observer as a plugin. */
export { TranscriptObserver } from './transcript.observer.js';
export { transcriptOptions, type TranscriptOptions } from './transcript.options.js';
export { transcriptPlugin, transcriptPlugin as default } from './plugin.js';
