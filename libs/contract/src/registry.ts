/** What a verb may ask about the assembly that it is part of; one of each a listener, injected by token. */
import type { Capabilities as CapabilitiesType } from './extension.js';
import type { ListenerInfo as ListenerInfoType } from './session.js';
import { token } from './token.js';

/** The verbs of a listener, for HELP. */
export interface VerbTable {
  /** Each verb's name and help line, in order of name. */
  list(): readonly { readonly name: string; readonly help: string | undefined }[];
}

export const VerbTable = token<VerbTable>('VerbTable');
export const Capabilities = token<CapabilitiesType>('Capabilities');
/** The listener that the plugin instance works for. Not to be had by what all listeners share (loggers, stores). */
export const Listener = token<ListenerInfoType>('Listener');
