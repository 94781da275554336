/**
 * Return-Path: the reverse-path, kept when a message leaves the world of SMTP (RFC 5321 4.4).
 * The line is made of the mailbox's canonical form, which is safe in a header whatever the client wrote.
 */
import type { Transform, TransformInput } from '@mailverb/contract';
import { injectable } from 'tsyringe';

const NULL_PATH = Buffer.from('Return-Path: <>\r\n', 'latin1');

/** The transform return-path. */
@injectable()
export class ReturnPathTransform implements Transform {
  prepend({ envelope: { reversePath, parameters } }: TransformInput): Uint8Array | undefined {
    if (reversePath === null) return NULL_PATH;
    const line = `Return-Path: <${reversePath.address}>\r\n`;
    if (!reversePath.utf8) return Buffer.from(line, 'latin1');
    // A character outside ASCII can be here only by SMTPUTF8, and has no place in a header without it.
    return parameters.SMTPUTF8 === true ? Buffer.from(line, 'utf8') : undefined;
  }
}
