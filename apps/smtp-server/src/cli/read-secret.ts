/** A secret from who sits at the terminal, who does not see it on the screen; or from standard input, if that is a file or a pipe. */
import type { ReadStream } from 'node:tty';

/** Longer ones nobody types, and nobody means. */
const MOST_OCTETS = 4096;

const [CTRL_C, CTRL_D, BACKSPACE, DELETE] = ['\u0003', '\u0004', '\b', '\u007f'];

/** What is needed of standard input and standard error. */
export interface Terminal {
  readonly input: Pick<ReadStream, 'on' | 'off' | 'resume' | 'pause' | 'setEncoding'> &
    Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>;
  readonly output: { write(text: string): unknown };
}

/** Undefined if it was given up (Ctrl+C), nothing came, or it is too long. */
export function readSecret(prompt: string, terminal: Terminal = { input: process.stdin, output: process.stderr }) {
  return terminal.input.isTTY === true ? ask(prompt, terminal) : readAll(terminal);
}

function ask(prompt: string, { input, output }: Terminal): Promise<string | undefined> {
  output.write(prompt);
  input.setRawMode?.(true);
  input.setEncoding('utf8');
  let secret = '';
  return new Promise((resolve) => {
    const end = (found: string | undefined): void => {
      input.off('data', onData).off('end', onEnd);
      input.setRawMode?.(false);
      input.pause();
      output.write('\n');
      resolve(found);
    };
    const onEnd = (): void => end(undefined);
    const onData = (text: string): void => {
      for (const character of text) {
        if (character === '\r' || character === '\n') return end(secret === '' ? undefined : secret);
        if (character === CTRL_C || character === CTRL_D) return end(undefined);
        if (character === BACKSPACE || character === DELETE) secret = [...secret].slice(0, -1).join('');
        else if (secret.length < MOST_OCTETS) secret += character;
      }
    };
    input.on('data', onData).on('end', onEnd).resume();
  });
}

function readAll({ input }: Terminal): Promise<string | undefined> {
  input.setEncoding('utf8');
  let text = '';
  return new Promise((resolve) => {
    const onData = (chunk: string): void => {
      if (text.length <= MOST_OCTETS) text += chunk;
    };
    const onEnd = (): void => {
      input.off('data', onData);
      const secret = text.replace(/\r?\n$/, '');
      resolve(secret === '' || text.length > MOST_OCTETS ? undefined : secret);
    };
    input.on('data', onData).on('end', onEnd).resume();
  });
}
