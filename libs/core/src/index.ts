/** The connection loop, the verb registry, the stage runner, the body path, listeners, the plugin host. For apps; plugins import contract. */
export { SystemClock } from './system-clock.js';
export { tuneHeap } from './heap.js';
export { greetingSchema } from './greeting.js';
export { createServer, StartError } from './host/create-server.js';
export { nearest } from './host/nearest.js';
export {
  ConfigurationError,
  formatIssue,
  type CertificatePlan,
  type Issue,
  type ListenerPlan,
  type ServerPlan,
  type TlsPlan,
} from './host/plan.js';
export type {
  AssembledDelivery,
  AssembledListener,
  AssembledPlugin,
  Assembly,
  BoundAddress,
  Endpoint,
  Server,
} from './host/server.js';
export { LocalAdmission, type Admission, type AdmissionLimits, type Refused } from './listener/admission.js';
export {
  limitsSchema,
  timeoutsSchema,
  type Limits,
  type LimitsInput,
  type Timeouts,
  type TimeoutsInput,
} from './limits.js';
