/** Where a server is, as a table has it: `mx1.example.net`, `mx1.example.net:2525`, `[2001:db8::1]:25`. */
import { parsePort } from '@mailverb/protocol';
import { z } from 'zod';

const SMTP = 25;
/** A host name or an address of either kind; an IPv6 address with a port stands in brackets. */
const FORM = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,253}))(?::(\d{1,5}))?$/;

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** The place; undefined if it is none. */
export function readPlace(text: string): Place | undefined {
  const found = FORM.exec(text);
  if (found === null) return undefined;
  const [, literal, name, digits] = found;
  const host = literal ?? name;
  const port = digits === undefined ? SMTP : parsePort(digits);
  return host === undefined || port === undefined || port === 0 ? undefined : { host, port };
}

export const placeSchema = z
  .string()
  .refine((text) => readPlace(text) !== undefined, 'expected a server such as mx1.example.net:25')
  .transform((text) => readPlace(text) as Place);
