/**
 * The shape of the configuration file: every key that is ours. What stands inside an entry (`{ use: maildir, … }`) belongs to its plugin and
 * is judged by the plugin's own schema; here it is only marked with the kind that is wanted, for the JSON Schema and the documentation.
 */
import { DURABILITIES, type Plugin, type PluginUse } from '@mailverb/contract';
import { greetingSchema, limitsSchema, timeoutsSchema } from '@mailverb/core';
import { cidrList, duration, octets } from '@mailverb/options';
import { parseHost } from '@mailverb/protocol';
import { z } from 'zod';
import { tlsSchema } from './tls-shape.js';

/** What a list, or `logger` and `delivery`, takes. */
export type EntryKind =
  | 'verb'
  | 'extension'
  | 'policy'
  | 'transform'
  | 'delivery'
  | 'mechanism'
  | 'authenticator'
  | 'store'
  | 'observer'
  | 'logger'
  | 'plugin';

/** One entry: a name, `{ use: name, …options }`, or, from a module, a plugin put to use in code. */
export type Entry =
  string | Plugin | PluginUse | ({ readonly use: string | Plugin } & Readonly<Record<string, unknown>>);

function entry(kind: EntryKind) {
  return z
    .custom<Entry>((value) => value !== undefined && value !== null, {
      error: `expected a ${kind}: its name, or { use: name, … }`,
    })
    .meta({ mailverb: kind });
}

const list = (kind: EntryKind) => z.array(entry(kind));

const verbs = () => list('verb').optional();
const extensions = () => list('extension').optional();
const policies = () => list('policy').optional();
const transforms = () => list('transform').optional();
const mechanisms = () => list('mechanism').optional();
// Several sources of identities, or the one that most have.
const auth = () => z.union([list('authenticator'), entry('authenticator')]).optional();

// It stands in the greeting and in Received fields: nothing else may get in there.
const hostname = () =>
  z
    .string()
    .refine((name) => parseHost(name) !== undefined, 'expected a domain, or an address literal such as [192.0.2.1]');

/** More than any machine has a use for. */
const MOST_PROCESSES = 1024;

/** One element of `listeners`. */
export const listenerSchema = z.strictObject({
  name: z.string().min(1).optional().describe('As seen in logs; default the protocol and the port.'),
  host: z.string().min(1).optional().describe('Address to listen on; default `127.0.0.1`, `::` is every address.'),
  port: z.int().min(0).max(65_535).optional().describe('TCP port; 0 takes any free one. Either this or `path`.'),
  path: z.string().min(1).optional().describe('Unix socket to listen on. Either this or `port`.'),
  systemd: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Instead of `port` or `path`: the name (`FileDescriptorName=`) of a socket that systemd has opened (socket activation).',
    ),
  protocol: z
    .enum(['smtp', 'lmtp'])
    .optional()
    .describe('Default `smtp`. With `lmtp` it speaks LHLO, and answers for each recipient.'),
  hostname: hostname().optional().describe("What this listener calls itself; default the server's `hostname`."),
  greeting: greetingSchema
    .optional()
    .describe("What the greeting says behind that; default the top level's, or with `lmtp` only `LMTP Mailverb`."),
  verbs: verbs().describe("Instead of the top level's list."),
  extensions: extensions().describe("Instead of the top level's list."),
  policies: policies().describe("Instead of the top level's list."),
  transforms: transforms().describe("Instead of the top level's list."),
  tls: tlsSchema
    .optional()
    .describe("Over the top level's, key by key (a certificate and its key are one). Without either, no TLS."),
  auth: auth().describe("Instead of the top level's; `[]` for nobody, and then there is no AUTH."),
  mechanisms: mechanisms().describe("Instead of the top level's list."),
  authWithoutTls: z
    .enum(['never', 'loopback'])
    .optional()
    .describe(
      'Whether AUTH is offered without TLS to clients on a loopback address or a unix socket. Default `never`.',
    ),
  trustedPeers: cidrList()
    .optional()
    .describe(
      'Addresses and networks of those who may speak for others, by XCLIENT, XFORWARD and PROXY header. Nobody by default, and then these do not exist.',
    ),
  proxyProtocol: z
    .boolean()
    .optional()
    .describe(
      'Whether connections of `trustedPeers` begin with a PROXY header, version 1 or 2. From anybody else one ends the connection. Default `false`.',
    ),
  plugins: list('plugin')
    .optional()
    .describe("Beside the top level's list: plugins of any kind, for this listener only."),
  delivery: entry('delivery').optional().describe("Instead of the top level's."),
  minimumDurability: z
    .enum(DURABILITIES)
    .optional()
    .describe(
      'The least that a 250 after the mail data must survive; the server refuses to start with a delivery that promises less.',
    ),
  bareNewlines: z
    .enum(['reject', 'normalize', 'accept'])
    .optional()
    .describe(
      'Mail data with a bare CR or LF: `reject` (default) refuses it, `normalize` repairs it, `accept` also ends commands at a bare LF; not for deliveries to other servers.',
    ),
  limits: limitsSchema.optional().describe("Over the top level's, key by key."),
  timeouts: timeoutsSchema.optional().describe("Over the top level's, key by key."),
});

/** The whole file. */
export const configurationSchema = z.strictObject({
  hostname: hostname()
    .optional()
    .describe(
      "The name in greeting, EHLO and Received fields; default the machine's, if that is a valid domain, else `localhost`.",
    ),
  greeting: greetingSchema
    .optional()
    .describe(
      'What the greeting of SMTP listeners says behind the name: `220 <hostname> <greeting>`. Default `ESMTP Mailverb`.',
    ),
  logger: entry('logger').optional().describe("Where the server's own lines go; default `pino`."),
  observers: list('observer').optional().describe('Who only watches: audit, transcript…'),
  plugins: list('plugin')
    .optional()
    .describe(
      'Plugins of any kind, for all listeners: stores and services that others need, a verb beside the built-in ones.',
    ),
  store: entry('store')
    .optional()
    .describe(
      'Where plugins keep what they must remember beyond a session, such as failures of AUTH; default `memory`, or `lmdb` in `./var/store` with several `processes`. Loaded if it is written here or something needs it.',
    ),
  verbs: verbs().describe(
    'The SMTP commands; default the built-in ones that make sense in the listener. A list replaces the default.',
  ),
  extensions: extensions().describe(
    'What EHLO offers; default the built-in ones that make sense in the listener. A list replaces the default.',
  ),
  policies: policies().describe(
    'Who says yes, no or later, in the order they are asked. None by default, and then every recipient is refused.',
  ),
  transforms: transforms().describe('What changes every message on its way in, in order; default `received`.'),
  tls: tlsSchema.optional().describe('Certificates, and how listeners use them. Without it, no TLS.'),
  auth: auth().describe(
    'Where identities come from: one authenticator, or several that are asked in their order. None by default, and then there is no AUTH.',
  ),
  mechanisms: mechanisms().describe(
    'How clients may prove who they are, in the order in which it is offered; default all built-in ones that an authenticator can answer.',
  ),
  delivery: entry('delivery').optional().describe('Who takes responsibility for messages.'),
  spool: z
    .strictObject({
      memory: octets()
        .optional()
        .describe('Octets of one message held in memory; what is larger goes to a file. Default `1MiB`.'),
      totalMemory: octets()
        .optional()
        .describe('Octets of all held messages in memory together; beyond, they go to files. Default `64MiB`.'),
      directory: z.string().min(1).optional().describe("Where these files are; default the system's temporary folder."),
    })
    .optional()
    .describe('Where a message is held that somebody must see whole before it is accepted.'),
  limits: limitsSchema.optional().describe('Limits of every listener.'),
  timeouts: timeoutsSchema.optional().describe('Timeouts of every listener.'),
  shutdown: z
    .strictObject({
      deadline: duration().optional().describe('How long open transactions may take to finish. Default `30s`.'),
    })
    .optional()
    .describe('What happens on SIGTERM and SIGINT.'),
  processes: z
    .union([z.literal('auto'), z.int().min(1).max(MOST_PROCESSES)], {
      error: 'expected a number of processes, or auto',
    })
    .optional()
    .describe(
      'How many processes serve the listeners together; `auto` is one for each processor. Limits count over all of them. Read at the start only. Default `1`.',
    ),
  user: z
    .string()
    .min(1)
    .optional()
    .describe('Whom to become once the listeners are open, for who starts as root. Read at the start only.'),
  group: z.string().min(1).optional().describe("The group to go with it; default the user's. Read at the start only."),
  health: z
    .strictObject({
      host: z.string().min(1).optional().describe('Address to listen on. Default `127.0.0.1`.'),
      port: z.int().min(0).max(65_535).describe('TCP port; 0 takes any free one.'),
    })
    .optional()
    .describe(
      'HTTP for monitoring: `/live`, `/ready`, and `/metrics` if the observer `metrics` is there. Off by default. Read at the start only.',
    ),
  listeners: z
    .array(listenerSchema)
    .min(1)
    .optional()
    .describe(
      'Where to listen; what a listener does not say it takes from the top level. Default one, on 127.0.0.1, port 2525.',
    ),
});

/** A configuration as people write it; what a TypeScript module exports. */
export type Configuration = z.input<typeof configurationSchema>;
/** One of its listeners. */
export type ListenerConfiguration = z.input<typeof listenerSchema>;

/** The same after validation: durations in milliseconds, sizes in octets. */
export type CheckedConfiguration = z.output<typeof configurationSchema>;
