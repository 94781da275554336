/** Options of the delivery strategy pipe. */
import { duration, octets } from '@mailverb/options';
import { z } from 'zod';
import { ArgumentList } from './arguments.js';
import { MESSAGE_VARIABLES } from './environment.js';

// What no argument and no variable of a program can have.
const text = z.string().refine((value) => !value.includes('\0'), 'expected no NUL');
const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'expected the name of an environment variable' })
  .refine((name) => !MESSAGE_VARIABLES.has(name), 'this one tells of the message');
const id = (what: string) => z.int().min(0).max(4_294_967_294).optional().describe(`${what}, as a number; needs root.`);

/** Which program, with what, and for how long. */
export const pipeOptions = z
  .strictObject({
    program: text
      .min(1)
      .describe('Path of the program. It is not looked for anywhere, and no shell is between it and its arguments.'),
    args: z
      .array(text)
      .default([])
      .describe(
        'Its arguments. In them {sender}, {id}, {size} and {client} are replaced; with `each: recipient` also {recipient}, {local}, {user}, {extension} and {domain}; with `each: message`, {recipients} as an argument of its own becomes one for each recipient. {{ stands for a brace.',
      ),
    each: z
      .enum(['message', 'recipient'])
      .default('message')
      .describe('Run it once for each message, or once for each recipient, with a reply for each.'),
    env: z
      .record(variable, text)
      .default({})
      .describe(
        'Environment variables, beside those that tell of the message. Without PATH in it, that is /usr/bin:/bin.',
      ),
    inherit: z
      .array(variable)
      .default([])
      .describe("Names of variables that are passed on from the server's own environment; all others are not."),
    directory: text.min(1).default('/').describe('The directory that it runs in.'),
    uid: id('The user that it runs as'),
    gid: id('The group that it runs as, and the only one'),
    lineEnds: z
      .enum(['lf', 'crlf'])
      .default('lf')
      .describe('lf: CRLF becomes LF, as programs expect it (not in BINARYMIME messages). crlf: bytes as received.'),
    fromLine: z
      .boolean()
      .default(false)
      .describe('Put the line before the message that begins it in an mbox: From, sender, time. Nothing is quoted.'),
    returnPath: z.boolean().default(false).describe('Put a Return-Path field before the message.'),
    deliveredTo: z
      .boolean()
      .default(false)
      .describe('Put a Delivered-To field before the message; needs `each: recipient`.'),
    nullSender: z
      .string()
      .regex(/^[!-~]{0,254}$/, { error: 'expected up to 254 printable ASCII characters, without a space' })
      .default('MAILER-DAEMON')
      .describe('What the program is told where a message has the sender <>.'),
    addresses: z
      .enum(['plain', 'any'])
      .default('plain')
      .describe(
        'plain: recipients are refused whose local part has more than letters, digits and _ + = - . in it, and senders that are quoted; both where they are not ASCII. any: for programs that are known to take care.',
      ),
    subaddressSeparator: z
      .string()
      .length(1)
      .optional()
      .describe('What divides a local part into {user} and {extension} (RFC 5233): the first of these signs.'),
    failures: z
      .enum(['defer', 'refuse'])
      .default('defer')
      .describe(
        'Exit codes that tell of a problem here and not of the message (64, 66, 69, 70, 72 to 74, 76, 78, and all that sysexits.h does not know): defer, the sender tries again; refuse, the mail comes back, as with Postfix.',
      ),
    outputReply: z
      .boolean()
      .default(false)
      .describe('If the program fails, and its first line is like `5.2.2 mailbox full`, that is the reply.'),
    mayStopReading: z
      .boolean()
      .default(false)
      .describe('Believe exit code 0 of a program that has not read the whole message: it may judge by the header.'),
    timeout: duration().default(120_000).describe('How long a run may take; then its whole process group is ended.'),
    killAfter: duration()
      .default(5000)
      .describe('How long a program that was told to end (SIGTERM) may take, before SIGKILL.'),
    maxProcesses: z.int().min(1).max(10_000).default(10).describe('Runs at once, of all messages together.'),
    maxWait: duration().default(30_000).describe('How long to wait for a place among them; then it is 451.'),
    maxOutput: octets()
      .default(256 * 1024)
      .describe('Octets of output after which nobody listens any more; to the program the pipe is broken.'),
  })
  .superRefine(({ args, each, deliveredTo }, context) => {
    for (const [i, arg] of args.entries()) {
      try {
        void new ArgumentList([arg], each);
      } catch (error) {
        context.addIssue({
          code: 'custom',
          path: ['args', i],
          message: error instanceof Error ? error.message : 'bad',
        });
      }
    }
    if (deliveredTo && each === 'message') {
      context.addIssue({ code: 'custom', path: ['deliveredTo'], message: 'expected each: recipient with it' });
    }
  });

export type PipeOptionsInput = z.input<typeof pipeOptions>;
/** What the class gets. */
export type PipeOptions = Readonly<z.output<typeof pipeOptions>>;
