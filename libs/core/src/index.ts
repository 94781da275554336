/** The connection loop, the verb registry, the stage runner, the body path, listeners, the plugin host. For apps; plugins import contract. */
export { ConfigurationError, formatIssue, type Issue, type ListenerPlan, type ServerPlan } from './host/plan.js';
export type * from './host/server.js';
export {
  limitsSchema,
  timeoutsSchema,
  type Limits,
  type LimitsInput,
  type Timeouts,
  type TimeoutsInput,
} from './limits.js';
