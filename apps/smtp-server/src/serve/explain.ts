/** Why a configuration is not in use, a line for each reason. */
import { ConfigurationError, type ServerPlan } from '@mailverb/core';
import { explainStartError } from '../cli/start-error.js';
import { reasonOf } from '../errors.js';

/** @param plan what was to be started, if it came so far. */
export function reasonsOf(error: unknown, plan: ServerPlan | undefined): readonly string[] {
  if (error instanceof ConfigurationError) return error.message.split('\n');
  return [plan === undefined ? reasonOf(error) : explainStartError(error, plan)];
}
