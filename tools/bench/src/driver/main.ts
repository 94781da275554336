/** The driver process: plays clients, so that their work is not in the server's CPU time. */
import { answerCalls } from '../process/remote.js';
import { pour } from './hostile.js';
import { hold, release } from './idle.js';
import { runWindow } from './load.js';

const calls = { window: runWindow, hold, release, pour };

export type DriverCalls = typeof calls;

answerCalls(calls, undefined);
