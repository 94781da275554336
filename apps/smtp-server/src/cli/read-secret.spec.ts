import { EventEmitter } from 'node:events';
import { readSecret } from './read-secret.js';

class Input extends EventEmitter {
  readonly did: string[] = [];
  constructor(readonly isTTY: boolean) {
    super();
  }
  setRawMode(on: boolean): this {
    this.did.push(`raw ${on}`);
    return this;
  }
  setEncoding(): this {
    return this;
  }
  resume(): this {
    this.did.push('resume');
    return this;
  }
  pause(): this {
    this.did.push('pause');
    return this;
  }
}

function terminal(isTTY: boolean) {
  const input = new Input(isTTY);
  let said = '';
  const output = { write: (text: string) => (said += text) };
  // A stream of which these are all the parts that are looked at.
  return { input, said: () => said, secret: readSecret('password: ', { input: input as never, output }) };
}

describe('a secret that is typed', () => {
  it('is not shown, and the terminal is left as it was', async () => {
    const { input, said, secret } = terminal(true);
    input.emit('data', 'open');
    input.emit('data', ' sesame\r');
    expect(await secret).toBe('open sesame');
    expect(said()).toBe('password: \n');
    expect(input.did).toEqual(['raw true', 'resume', 'raw false', 'pause']);
    expect(input.listenerCount('data')).toBe(0);
  });

  it('can be corrected', async () => {
    const { input, secret } = terminal(true);
    input.emit('data', '\u007fax\u007fb\ud83d\ude00\bc\n');
    expect(await secret).toBe('abc');
  });

  it.each(['ab\u0003', 'ab\u0004', '\r'])('is none if it is given up: %j', async (typed) => {
    const { input, secret } = terminal(true);
    input.emit('data', typed);
    expect(await secret).toBeUndefined();
    expect(input.did).toContain('raw false');
  });

  it('is none if the terminal goes away', async () => {
    const { input, secret } = terminal(true);
    input.emit('end');
    expect(await secret).toBeUndefined();
  });
});

describe('a secret from standard input', () => {
  const piped = async (...chunks: string[]) => {
    const { input, said, secret } = terminal(false);
    for (const chunk of chunks) input.emit('data', chunk);
    input.emit('end');
    expect(said()).toBe('');
    return secret;
  };

  it('is all that comes, without the last line end', async () => {
    expect(await piped('open', ' sesame\n')).toBe('open sesame');
    expect(await piped('x\r\n')).toBe('x');
    expect(await piped('x\n\n')).toBe('x\n');
    expect(await piped('x')).toBe('x');
  });

  it('is none if nothing comes, or too much', async () => {
    expect(await piped()).toBeUndefined();
    expect(await piped('\n')).toBeUndefined();
    expect(await piped('x'.repeat(5000))).toBeUndefined();
    expect(await piped(...Array.from({ length: 100 }, () => 'x'.repeat(1000)))).toBeUndefined();
  });
});
