/** The smallest assembly, for whoever wants to run it inside a program. */
export { sinkPlan, type SinkOptions } from './sink-plan.js';
