/** How a table is written in a configuration: `{ map: … }`, `{ file: … }` or `{ http: … }`, and exactly one of them. */
import { duration } from '@mailverb/options';
import { z } from 'zod';
import type { KeyForm } from './keys.js';
import { messageOf } from './table.js';

const PLACE = '{key}';

const http = z
  .strictObject({
    url: z
      .string()
      .refine(isHttp, 'expected a URL that begins with http:// or https://')
      // It would not be sent, and would be seen wherever the URL is.
      .refine((url) => !/^[^/]*\/\/[^/?#]*@/.test(url), 'expected no name and password in it: they belong into headers')
      // Whom we ask is said by the configuration and by nobody else (attack A19).
      .refine((url) => !/^[^/]*\/\/[^/?#]*[{}]/.test(url), `expected ${PLACE} in the path or behind the question mark`)
      .describe(`Who is asked. GET needs ${PLACE} in it, where the key goes.`),
    method: z
      .enum(['GET', 'POST'])
      .default('GET')
      .describe('GET has the key in the URL; POST sends {"key": …} as JSON.'),
    headers: z
      .record(z.string(), z.string())
      .default({})
      .describe('Sent with each question, such as a shared secret in `authorization`.'),
    timeout: duration().default(5_000).describe('How long an answer may take.'),
    ttl: duration().default(60_000).describe('How long a value is kept; 0 for not at all.'),
    negativeTtl: duration().default(30_000).describe('How long it is kept that there is none; 0 for not at all.'),
    cacheSize: z.int().min(0).default(10_000).describe('How many answers are kept; the oldest make room.'),
    maxConnections: z.int().min(1).default(10).describe('Questions at once; others wait for their turn.'),
    ca: z
      .string()
      .min(1)
      .optional()
      .describe('PEM file of who signed the certificate of the service; default the usual ones.'),
  })
  .refine(({ method, url }) => method !== 'GET' || url.includes(PLACE), {
    path: ['url'],
    error: `expected ${PLACE} in it, since the method is GET`,
  });

/**
 * The option. A table in the configuration itself is checked with it.
 * @param form what keys are.
 * @param value what values are.
 */
export function lookupOptions<K, T>(form: KeyForm<K>, value: z.ZodType<T>) {
  return z
    .strictObject({
      map: z
        .record(z.string(), z.unknown())
        .transform((written, context) => inline(form, value, written, context))
        .optional()
        .describe('The table itself: keys and values.'),
      file: z
        .string()
        .min(1)
        .optional()
        .describe('A file with the table: YAML or JSON with one mapping, or lines of a key, a space and a value.'),
      format: z
        .enum(['auto', 'yaml', 'lines'])
        .default('auto')
        .describe('How the file is written; `auto` goes by its name.'),
      reloadInterval: duration()
        .default(10_000)
        .describe('How often it is looked whether the file has changed; 0 for never.'),
      http: http.optional().describe('A service that knows the table.'),
    })
    .refine(({ map, file, http: service }) => [map, file, service].filter((one) => one !== undefined).length === 1, {
      error: 'expected exactly one of map, file and http',
    });
}

function inline<K, T>(
  form: KeyForm<K>,
  schema: z.ZodType<T>,
  written: Readonly<Record<string, unknown>>,
  context: z.RefinementCtx,
): ReadonlyMap<string, unknown> {
  const map = new Map<string, unknown>();
  const seen = new Set<string>();
  for (const [text, raw] of Object.entries(written)) {
    const issue = (message: string) => context.addIssue({ code: 'custom', message, path: [text], input: raw });
    const key = form.read(text);
    const value = schema.safeParse(raw);
    if (key === undefined) issue(`expected ${form.expected}`);
    else if (seen.has(key)) issue('this key stands there twice');
    else if (!value.success) issue(messageOf(value.error));
    else seen.add(key);
    map.set(text, raw);
  }
  return map;
}

function isHttp(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** What {@link openLookup} gets. */
export type LookupOptions = Readonly<z.output<ReturnType<typeof lookupOptions>>>;
export type HttpLookupOptions = Readonly<z.output<typeof http>>;
