/**
 * One small file that says what Kamaelia's `greylist.conf` said, and what there was no key for. Every key has an effect and every other one is an error,
 * told with its path, what stands there, what was expected, and the nearest name (defect K6).
 */
import { readFileSync } from 'node:fs';
import { ConfigurationError, greetingSchema, nearest, type Issue } from '@mailverb/core';
import { addressList, cidrList, domainList, duration, normalizeDomain } from '@mailverb/options';
import { parseDocument } from 'yaml';
import { z } from 'zod';

/** Judged here by a schema of @mailverb/options, and given on as it is written: plugins judge for themselves. */
const written = <T extends z.ZodType>(schema: T) =>
  z.array(z.string()).superRefine((list, context) => {
    for (const { message, path } of schema.safeParse(list).error?.issues ?? []) {
      context.addIssue({ code: 'custom', message, path: [...path] });
    }
  });
/** The same for one entry of such a list. */
const entry = <T extends z.ZodType>(schema: T) =>
  z.string().superRefine((text, context) => {
    const [issue] = schema.safeParse([text]).error?.issues ?? [];
    if (issue !== undefined) context.addIssue({ code: 'custom', message: issue.message });
  });
/** A duration as it is written; what it is in milliseconds is a plugin's business. */
const time = (fallback: string) =>
  z
    .union([z.string(), z.literal(0)], { error: 'expected a duration such as 30s, 5m or 2h' })
    .default(fallback)
    .superRefine((value, context) => {
      const [issue] = duration().safeParse(value).error?.issues ?? [];
      if (issue !== undefined) context.addIssue({ code: 'custom', message: issue.message });
    });

const domain = z.string().refine((text) => !text.startsWith('[') && normalizeDomain(text) !== undefined, {
  error: 'expected a host name such as mail.example.org',
});
const port = z.int().min(0).max(65_535);

/** The words behind the server's name. */
export const greetingOf = (serverId: string): string => `ESMTP ${serverId}`;

const tripleSchema = z.strictObject({
  client: entry(cidrList()).describe('Its address.'),
  sender: entry(addressList()).describe('An address, a domain, or <>.'),
  recipient: entry(addressList()).describe('An address or a domain.'),
});

const nonstandardTripleSchema = z.strictObject({
  helo: entry(domainList()).describe('What the client calls itself.'),
  network: entry(cidrList()).describe('Where it comes from: 203.0.113.0/24.'),
  recipient: entry(addressList()).describe('An address or a domain.'),
});

export const configurationSchema = z
  .strictObject({
    serverName: domain.describe('What this server calls itself.'),
    serverId: z
      .string()
      .default('Mailverb')
      .superRefine((id, context) => {
        const [issue] = greetingSchema.safeParse(greetingOf(id)).error?.issues ?? [];
        if (issue !== undefined) context.addIssue({ code: 'custom', message: issue.message });
      })
      .describe('What it calls its program in the greeting, behind ESMTP.'),
    host: z.string().min(1).default('127.0.0.1').describe('The address to listen on; `::` is all.'),
    port: port.default(25).describe('The port to listen on; 0 takes any free one.'),
    upstream: z
      .strictObject({
        host: z.string().min(1).describe('The mail server behind: host name or address.'),
        port: port.min(1).default(25).describe('Its port.'),
      })
      .describe('Who gets the mail.'),
    allowedSenders: written(cidrList())
      .default(['127.0.0.1', '::1'])
      .describe('Clients that may send to anybody, and do not wait: addresses.'),
    allowedSenderNetworks: written(cidrList()).default([]).describe('The same by network: 10.0.0.0/8, 2001:db8::/32.'),
    allowedDomains: written(domainList()).default([]).describe('Domains that everybody may send to.'),
    whitelistedTriples: z.array(tripleSchema).default([]).describe('What does not wait: client, sender and recipient.'),
    whitelistedNonstandardTriples: z
      .array(nonstandardTripleSchema)
      .default([])
      .describe('What does not wait: name and network of the client, and recipient.'),
    times: z
      .strictObject({
        retryAfter: time('180s').describe('Who tries again sooner begins to wait anew.'),
        passAfter: time('3600s').describe('How long who is new waits.'),
        retryWithin: time('25000s').describe('Who tries again later is new.'),
        passedFor: time('3000000s').describe('How long who has waited is known, from the last use.'),
      })
      .prefault({})
      .describe('Times of the greylist.'),
    inactivityTimeout: time('5m').describe('Who says nothing for so long is told 421.'),
    log: z.string().min(1).default('./greylist.log').describe('The file with a line for each session.'),
    debugLog: z.string().min(1).optional().describe('The file with every line of every session; none by default.'),
    store: z.string().min(1).default('./greylist.store').describe('The folder of what is known.'),
  })
  .superRefine(({ allowedSenders, allowedSenderNetworks, allowedDomains, inactivityTimeout }, context) => {
    const wrong = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (allowedSenders.length + allowedSenderNetworks.length + allowedDomains.length === 0) {
      wrong('allowedDomains', 'expected a domain, or an allowed sender or network: nobody could send anything');
    }
    if (duration().safeParse(inactivityTimeout).data === 0) {
      wrong('inactivityTimeout', 'expected a duration above 0');
    }
  });

/** What a file says. */
export type Configuration = Readonly<z.output<typeof configurationSchema>>;

/** Reads a file. @throws {ConfigurationError} with everything that is wrong with it. */
export function readConfiguration(file: string): Configuration {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw problem(
      file,
      `cannot read the configuration file: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const document = parseDocument(text);
  const [fault] = document.errors;
  if (fault !== undefined) throw problem(file, `this is not YAML: ${fault.message.split('\n', 1)[0] ?? ''}`);
  let tree: unknown;
  try {
    tree = document.toJS();
  } catch (error) {
    // Aliases that would unfold to a bomb.
    throw problem(file, `this is not usable YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  // An empty file, or one of comments only, says nothing.
  return checkConfiguration(tree ?? {});
}

/** Checks what a file says. @throws {ConfigurationError} with everything that is wrong with it. */
export function checkConfiguration(tree: unknown): Configuration {
  const result = configurationSchema.safeParse(tree);
  if (result.success) return result.data;
  throw new ConfigurationError(result.error.issues.flatMap((issue) => issuesOf(issue, tree)));
}

function problem(path: string, message: string): ConfigurationError {
  return new ConfigurationError([{ path, message }]);
}

function issuesOf(issue: z.core.$ZodIssue, tree: unknown): readonly Issue[] {
  const path = pathOf(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(issue.path);
    return issue.keys.map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      message: `unknown key; known are ${known.join(', ')}`,
      nearest: nearest(key, known),
    }));
  }
  const value = issue.path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), tree);
  const message = issue.message.replace(/^Invalid input: /, '').replace(/^[A-Z]/, (first) => first.toLowerCase());
  if (value === undefined) return [{ path, message: `missing: ${message.replace(/, received undefined$/, '')}` }];
  return [{ path, message, ...(isObject(value) ? {} : { value }) }];
}

/** `upstream.port`, `allowedDomains[0]`. */
function pathOf(parts: readonly PropertyKey[]): string {
  return parts.reduce<string>(
    (path, part) =>
      typeof part === 'number' ? `${path}[${part}]` : path === '' ? String(part) : `${path}.${String(part)}`,
    '',
  );
}

/** The keys that are known in the object at a path, by the JSON Schema of all. */
function keysAt(path: readonly PropertyKey[]): readonly string[] {
  let node: unknown = z.toJSONSchema(configurationSchema, { io: 'input', unrepresentable: 'any' });
  for (const part of path) {
    if (!isObject(node)) return [];
    const properties = node['properties'];
    node = typeof part === 'number' ? node['items'] : isObject(properties) ? properties[part] : undefined;
  }
  const properties = isObject(node) ? node['properties'] : undefined;
  return isObject(properties) ? Object.keys(properties) : [];
}

function isObject(value: unknown): value is Readonly<Record<PropertyKey, unknown>> {
  return typeof value === 'object' && value !== null;
}
