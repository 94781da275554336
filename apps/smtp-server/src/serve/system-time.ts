/** The clock of the process, as the contract has it. Its alarms keep the process going: a worker that is to be started anew is waited for. */
import type { Clock } from '@mailverb/contract';

export const systemTime: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
