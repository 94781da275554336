/** Options that name another plugin. The host replaces what is written there by what that plugin contributes. */
import type { DeliveryStrategy, PluginUse, Policy } from '@mailverb/contract';
import { z } from 'zod';

/**
 * A place in the options where a delivery strategy is named; list it in the manifest's `nested` too.
 * Its output type is the strategy that the host builds and puts there.
 */
export function nestedDelivery() {
  return nested<DeliveryStrategy>('delivery');
}

/** The same for a policy. */
export function nestedPolicy() {
  return nested<Policy>('policy');
}

// What is written (a name, `{ use: name, … }` or a PluginUse) is judged by the host, which knows the plugins.
function nested<T>(kind: 'delivery' | 'policy') {
  return z
    .custom<PluginUse | T>((value) => value !== undefined && value !== null, { error: `expected a ${kind}` })
    .transform((value) => value as T)
    .meta({ description: `a ${kind}: its name, or { use: name, … }`, mailverb: kind });
}
