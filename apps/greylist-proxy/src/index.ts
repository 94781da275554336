/** The assembly, and what it reads its configuration with, for whoever wants to run it inside a program. */
export { configurationSchema, readConfiguration, type Configuration } from './configuration.js';
export { greylistPlan } from './greylist-plan.js';
