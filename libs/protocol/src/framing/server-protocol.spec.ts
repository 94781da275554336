/** The server's side of a connection: the same events at every cut of the bytes, and no way to end data early (attack A1, K1, K2). */
import fc from 'fast-check';
import { reply } from '../reply.js';
import { byteByByte, cut, cuts, endOfData, longHostile, shortHostile } from './decoding.fixture.js';
import { ServerProtocol, type ServerEvent, type ServerProtocolOptions } from './server-protocol.js';

type Newlines = ServerProtocolOptions['bareNewlines'];

const OPTIONS: ServerProtocolOptions = { commandLine: 100, textLine: 0, bareNewlines: 'reject', enhancedCodes: true };
const MODES: readonly Newlines[] = ['reject', 'normalize', 'accept'];

/** What came of some bytes: events as text, mail data joined and, where it is faulty, left out. */
class Log {
  readonly entries: string[] = [];
  private body = '';
  over = false;

  note(event: ServerEvent): void {
    switch (event.type) {
      case 'command':
        this.entries.push(`command ${event.verb}|${event.args}`);
        break;
      case 'line':
        this.entries.push(`line ${latin1(event.line)}`);
        break;
      case 'body':
        if (event.chunk.length === 0) this.entries.push('an empty piece');
        this.body += latin1(event.chunk);
        break;
      case 'bodyEnd':
        this.entries.push(event.fault === undefined ? `message ${this.body}` : `fault ${event.reply?.code}`);
        this.body = '';
        break;
      case 'violation':
        this.entries.push(`violation ${event.violation} ${event.reply.code}`);
        this.over = event.fatal;
        break;
    }
  }
}

/** Talks to a protocol object as a server would that knows DATA, BDAT and AUTH. */
function talk(chunks: readonly Uint8Array[], options: Partial<ServerProtocolOptions> = {}): readonly string[] {
  const protocol = new ServerProtocol({ ...OPTIONS, ...options });
  const log = new Log();
  for (const chunk of chunks) {
    protocol.receive(chunk);
    for (let event = protocol.next(); event.type !== 'needData'; event = protocol.next()) {
      log.note(event);
      if (log.over) return log.entries;
      if (event.type === 'command') answer(protocol, event.verb, event.args);
      else if (event.type === 'line') protocol.expectCommand();
    }
    if (protocol.buffered) log.entries.push('something is left');
  }
  return log.entries;
}

function answer(protocol: ServerProtocol, verb: string, args: string): void {
  if (verb === 'DATA') protocol.expectData();
  if (verb === 'AUTH') protocol.expectLine(50);
  if (verb === 'RSET') protocol.endChunks();
  const chunk = /^(\d{1,6}) (MORE|LAST) (TEXT|BINARY)$/.exec(args);
  if (verb === 'BDAT' && chunk !== null) {
    protocol.expectChunk(Number(chunk[1]), chunk[3] === 'BINARY', chunk[2] === 'LAST');
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

const sent = (text: string) => Buffer.from(text, 'latin1');
const lineText = fc.oneof(
  fc.constantFrom('NOOP', 'rset', '', ' ', '\xc3\xbc', '\xff', 'QUIT now', 'a\rb', 'a\nb', 'a\0b', 'x'.repeat(200)),
  fc.stringMatching(/^[ -~]{0,30}$/),
);
const conversation = fc
  .array(
    fc.oneof(
      lineText.map((text) => `${text}\r\n`),
      lineText.map((text) => `AUTH\r\n${text}\r\n`),
      fc.oneof(shortHostile, longHostile).map((data) => `DATA\r\n${data}\r\n.\r\n`),
      fc
        .tuple(fc.oneof(shortHostile, longHostile), fc.constantFrom('MORE', 'LAST'), fc.constantFrom('TEXT', 'BINARY'))
        .map(([data, last, kind]) => `BDAT ${data.length} ${last} ${kind}\r\n${data}`),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

describe.each(MODES)('ServerProtocol with bareNewlines %s', (bareNewlines) => {
  it('has the same events whole, byte by byte and at any cut', () => {
    fc.assert(
      fc.property(conversation, cuts, fc.constantFrom(0, 78), (text, where, textLine) => {
        const bytes = sent(text);
        const expected = talk([bytes], { bareNewlines, textLine });
        expect(talk(byteByByte(bytes), { bareNewlines, textLine })).toEqual(expected);
        expect(talk(cut(bytes, where), { bareNewlines, textLine })).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('ends data at CRLF "." CRLF and nowhere else: no variant, before and behind any other', () => {
    const breaks = ['\r\n', '\n', '\r', '\r\r\n', '\n\r', '\n\n', '\0\r\n', '\r\n\0', '\x85', '\v', '\xe2\x80\xa8', ''];
    for (const before of breaks) {
      for (const after of breaks) {
        const variant = `a${before}.${after}`;
        if (endOfData(variant) !== -1) continue;
        const bytes = sent(`DATA\r\n${variant}MAIL FROM:<attacker@example.net>\r\nx\r\n.\r\nNOOP\r\n`);
        for (const chunks of [[bytes], byteByByte(bytes)]) {
          const [data, end, behind, ...more] = talk(chunks, { bareNewlines });
          expect([data, behind, more]).toEqual(['command DATA|', 'command NOOP|', []]);
          // Refused, or with all of it inside.
          expect(end).toMatch(/^fault 550$|^message [^]*MAIL FROM:<attacker@example.net>\r\nx\r\n$/);
        }
      }
    }
  });

  it('reads away what is faulty without a step deeper for each line of it', () => {
    const faulty = { reject: '\n', normalize: 'x'.repeat(100), accept: 'x'.repeat(100) }[bareNewlines];
    for (const line of ['\r\n.x', '\n', '\r']) {
      const bytes = sent(`DATA\r\n${faulty}\r\n${line.repeat(40_000)}\r\n.\r\nNOOP\r\n`);
      const entries = talk([bytes], { bareNewlines, textLine: 78 });
      expect(entries).toEqual(['command DATA|', 'fault 550', 'command NOOP|']);
    }
  });
});

describe('ServerProtocol, commands', () => {
  it.each([
    ['NOOP', 'command NOOP|'],
    ['noop', 'command NOOP|'],
    ['MAIL FROM:<a@b>  ', 'command MAIL|FROM:<a@b>'],
    ['MAIL   FROM:<a@b> SIZE=1', 'command MAIL|FROM:<a@b> SIZE=1'],
    ['MAIL\tFROM:<a@b>', 'violation control 500'],
    ['', 'command |'],
    ['   ', 'command |'],
    [' NOOP', 'command |NOOP'],
    // Not every letter that becomes an ASCII letter in upper case is one (attack A6).
    ['qu\xc4\xb1t', 'command qu\u0131t|'],
    ['\xef\xbb\xbfQUIT', 'command \ufeffQUIT|'],
    ['NOOP \xff', 'violation invalid-utf8 500'],
    ['NO\rOP', 'violation bare-newline 500'],
    ['NO\nOP', 'violation bare-newline 500'],
    ['NO\0OP', 'violation control 500'],
  ])('%j is %s', (text, entry) => {
    expect(talk([sent(`${text}\r\nRSET\r\n`)])).toEqual([entry, 'command RSET|']);
  });

  it('are held to their limit, CRLF included', () => {
    const [longest, longer] = ['X'.repeat(98), 'X'.repeat(99)];
    expect(talk([sent(`${longest}\r\n${longer}\r\n`)])).toEqual([`command ${longest}|`, 'violation too-long 500']);
  });

  it('end at a bare LF only where that is accepted', () => {
    expect(talk([sent('NOOP\nRSET\r\n')], { bareNewlines: 'accept' })).toEqual(['command NOOP|', 'command RSET|']);
    expect(talk([sent('NOOP\nRSET\r\n')], { bareNewlines: 'normalize' })).toEqual(['violation bare-newline 500']);
  });

  it.each([
    ['an HTTP request', 'POST / HTTP/1.1\r\nHost: x\r\n'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS hello', '\x16\x03\x01\x02\0'],
  ])('%s is another protocol (attack A21)', (_, text) => {
    for (const chunks of [[sent(text)], byteByByte(sent(text))]) {
      expect(talk(chunks)).toEqual(['violation foreign-protocol 554']);
    }
  });

  it('takes neither for another protocol where it cannot be one', () => {
    expect(talk([sent('NOOP\r\n'), sent('\x16\r\nGET milk\r\nNOOP HTTP/1.1\r\n')])).toEqual([
      'command NOOP|',
      'violation control 500',
      'command GET|milk',
      'command NOOP|HTTP/1.1',
    ]);
  });

  it('an endless line is given up, at every cut', () => {
    const bytes = sent(`${'x'.repeat(70_000)}\r\nNOOP\r\n`);
    for (const chunks of [[bytes], cut(bytes, [0.3, 0.6]), byteByByte(bytes)]) {
      expect(talk(chunks)).toEqual(['violation flood 421']);
    }
  });
});

describe('ServerProtocol, the line of AUTH (RFC 4954 4)', () => {
  const long = `AUTH PLAIN ${'A'.repeat(300)}`;
  const all = (text: string, options: Partial<ServerProtocolOptions>) => {
    const whole = talk([sent(text)], options);
    expect(talk(byteByByte(sent(text)), options)).toEqual(whole);
    return whole;
  };

  it('may be longer than others where that is said, and no other may', () => {
    expect(all(`${long}\r\nNOOP\r\n`, { authLine: 400 })[0]).toBe(`command AUTH|PLAIN ${'A'.repeat(300)}`);
    expect(all(`auth ${'A'.repeat(300)}\r\n`, { authLine: 400 })).toEqual([`command AUTH|${'A'.repeat(300)}`]);
    for (const text of [`NOOP ${'A'.repeat(300)}`, `AUTHX ${'A'.repeat(300)}`, `\xc3\xbc${'A'.repeat(97)}`]) {
      expect(all(`${text}\r\nQUIT\r\n`, { authLine: 400 })).toEqual(['violation too-long 500', 'command QUIT|']);
    }
    expect(all(`${long}\r\n`, {})).toEqual(['violation too-long 500']);
    expect(all(`AUTH ${'A'.repeat(500)}\r\n`, { authLine: 400 })).toEqual(['violation too-long 500']);
  });

  it('has an answer of its own where a line of the conversation is too long', () => {
    const protocol = new ServerProtocol(OPTIONS);
    protocol.expectLine(20);
    protocol.receive(sent(`${'A'.repeat(30)}\r\n`));
    expect(protocol.next()).toMatchObject({ violation: 'too-long', reply: { code: 500, enhanced: '5.5.6' } });
  });
});

describe('ServerProtocol, a PROXY header where none belongs (attack A16)', () => {
  const binary = '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01\0\x50\0\x19';

  it.each([
    ['PROXY TCP4 192.0.2.1 192.0.2.25 4000 25\r\n', []],
    ['proxy TCP6 ::1 ::1 4000 25\r\n', []],
    ['PROXY UNKNOWN\r\n', []],
    ['NOOP\r\nPROXY UNKNOWN\r\n', ['command NOOP|']],
    [binary, ['command |', 'command |']],
  ])('ends the session: %j', (text, before) => {
    const expected = [...before, 'violation foreign-protocol 554'];
    expect(talk([sent(text)])).toEqual(expected);
    expect(talk(byteByByte(sent(text)))).toEqual(expected);
  });

  it.each([
    '\r\n\r\nNOOP\r\n',
    'NOOP\r\n\r\n\0\r\n',
    '\r\n\0\r\n',
    '\r\n\r\n\0\0\r\n',
    'PROXY\r\n',
    'PROXY TCP5 x\r\n',
  ])('is not seen in %j', (text) => {
    expect(talk([sent(text)]).join()).not.toContain('foreign');
  });

  // Found by tools/fuzz: lines of one letter have two octets too, where LF alone ends them.
  it('is not seen in short lines that LF ends', () => {
    expect(talk([sent('a\na\n\0a\n')], { bareNewlines: 'accept' })).toEqual([
      'command A|',
      'command A|',
      'violation control 500',
    ]);
  });
});

describe('ServerProtocol, one line', () => {
  it('has a limit of its own, and commands have theirs again behind it', () => {
    const long = 'x'.repeat(48);
    expect(talk([sent(`AUTH\r\n${long}\r\n${'n'.repeat(98)}\r\n`)])).toEqual([
      'command AUTH|',
      `line ${long}`,
      `command ${'N'.repeat(98)}|`,
    ]);
    expect(talk([sent(`AUTH\r\n${long}x\r\n`)])).toEqual(['command AUTH|', 'violation too-long 500']);
  });

  it('is bytes, and nothing is made of what it says', () => {
    expect(talk([sent('AUTH\r\nGET / HTTP/1.1 \xff\r\n')])).toEqual(['command AUTH|', 'line GET / HTTP/1.1 \xff']);
  });
});

describe('ServerProtocol, counted data', () => {
  it('of no octets ends at once, also where nothing else has come', () => {
    const protocol = new ServerProtocol(OPTIONS);
    protocol.expectChunk(0, false, true);
    expect(protocol.next()).toMatchObject({ type: 'bodyEnd', fault: undefined });
    expect(protocol.next()).toEqual({ type: 'needData' });
  });

  it('is one message across its chunks: a CRLF may be cut, a bare CR may not end it', () => {
    expect(talk([sent('BDAT 2 MORE TEXT\r\na\rBDAT 2 LAST TEXT\r\n\nb')])).toEqual([
      'command BDAT|2 MORE TEXT',
      'message a\r',
      'command BDAT|2 LAST TEXT',
      'message \nb',
    ]);
    expect(talk([sent('BDAT 2 LAST TEXT\r\na\rNOOP\r\n')]).slice(1)).toEqual(['fault 550', 'command NOOP|']);
    expect(talk([sent('BDAT 2 MORE TEXT\r\na\rBDAT 1 LAST TEXT\r\nb')]).at(-1)).toBe('fault 550');
  });

  it('of the next message begins anew', () => {
    const half = 'BDAT 2 MORE TEXT\r\na\r';
    expect(talk([sent(`${half}RSET\r\nBDAT 1 LAST TEXT\r\nb`)]).at(-1)).toBe('message b');
    expect(talk([sent('BDAT 1 LAST TEXT\r\n\nBDAT 1 LAST TEXT\r\nb')]).at(-1)).toBe('message b');
  });

  it('is never commands, and in BINARYMIME any bytes', () => {
    const bytes = '\0\r\n.\r\nQUIT\r\n\n\r\xff';
    expect(talk([sent(`BDAT ${bytes.length} LAST BINARY\r\n${bytes}NOOP\r\n`)])).toEqual([
      `command BDAT|${bytes.length} LAST BINARY`,
      `message ${bytes}`,
      'command NOOP|',
    ]);
  });

  // Found by tools/fuzz: the line was answered 500, and the octets that it had announced were read as commands.
  it.each([
    ['a control character', 'BDAT 6\0 LAST TEXT', 'violation control 500'],
    ['a bare LF', 'BDAT 6\n', 'violation bare-newline 500'],
    ['a bare CR', 'bdat\r6', 'violation bare-newline 500'],
    ['what is not UTF-8', 'Bdat 6 \xff', 'violation invalid-utf8 500'],
    ['too many octets', `bDAT 6${' '.repeat(100)}LAST`, 'violation too-long 500'],
  ])(
    'ends the session where the command has %s, as nobody knows how many octets are no commands (attack A3)',
    (_what, line, says) => {
      const bytes = sent(`NOOP\r\n${line}\r\nQUIT\r\n`);
      expect(talk([bytes])).toEqual(['command NOOP|', says]);
      expect(talk(byteByByte(bytes))).toEqual(['command NOOP|', says]);
      for (let at = 0; at < bytes.length; at++) {
        expect(talk([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(['command NOOP|', says]);
      }
    },
  );

  it('that is announced behind an answer to AUTH, or in a line that only looks so, ends nothing', () => {
    expect(talk([sent('AUTH\r\nBDAT\0\r\n')])).toEqual(['command AUTH|', 'violation control 500']);
    expect(talk([sent('BDA\0T 6\r\nXBDAT\0\r\nBDA\0\r\nB\0\r\nNOOP\r\n')])).toEqual([
      ...Array<string>(4).fill('violation control 500'),
      'command NOOP|',
    ]);
    expect(talk(byteByByte(sent(`${'x'.repeat(200)}BDAT\r\nNOOP\r\n`)))).toEqual([
      'violation too-long 500',
      'command NOOP|',
    ]);
  });

  it('is views', () => {
    const protocol = new ServerProtocol(OPTIONS);
    const chunk = sent('abcdef');
    protocol.expectChunk(4, true, true);
    protocol.receive(chunk);
    const event = protocol.next();
    expect(event.type === 'body' && event.chunk.buffer === chunk.buffer && latin1(event.chunk)).toBe('abcd');
  });
});

describe('ServerProtocol, its buffers', () => {
  it('keeps chunks that come while nobody asks, in their order', () => {
    const protocol = new ServerProtocol(OPTIONS);
    for (const byte of byteByByte(sent('NOOP\r\nRSET\r\n'))) protocol.receive(byte);
    protocol.receive(new Uint8Array(0));
    expect(protocol.buffered).toBe(true);
    expect(protocol.next()).toMatchObject({ verb: 'NOOP' });
    expect(protocol.buffered).toBe(true);
    expect(protocol.next()).toMatchObject({ verb: 'RSET' });
    expect(protocol.buffered).toBe(false);
    expect(protocol.next()).toEqual({ type: 'needData' });
  });

  it('takes twenty thousand of them without a step deeper for each', () => {
    const protocol = new ServerProtocol(OPTIONS);
    for (const byte of byteByByte(sent('x'.repeat(20_000)))) protocol.receive(byte);
    expect(protocol.next()).toEqual({ type: 'needData' });
  });

  it('forgets them when it is told to: nothing sent before a handshake is executed after it (attack A4)', () => {
    const protocol = new ServerProtocol(OPTIONS);
    protocol.receive(sent('STARTTLS\r\nMAIL FROM:<a@b>\r\nRC'));
    expect(protocol.next()).toMatchObject({ verb: 'STARTTLS' });
    expect(protocol.next()).toMatchObject({ verb: 'MAIL' });
    // Half a command has been read and one chunk waits: both go.
    expect(protocol.next()).toEqual({ type: 'needData' });
    protocol.receive(sent('PT'));
    protocol.receive(sent(' TO'));
    protocol.dropBuffered();
    expect(protocol.buffered).toBe(false);
    protocol.receive(sent('EHLO client\r\n'));
    expect(protocol.next()).toEqual({ type: 'command', verb: 'EHLO', args: 'client' });
  });

  it('counts what it drops of a faulty message', () => {
    const protocol = new ServerProtocol(OPTIONS);
    expect(protocol.dropped).toBe(0);
    protocol.expectData();
    protocol.receive(sent('good\r\n'));
    protocol.next();
    expect(protocol.dropped).toBe(0);
    protocol.receive(sent(`\n${'x'.repeat(500)}`));
    expect(protocol.next()).toEqual({ type: 'needData' });
    expect(protocol.dropped).toBe(501);
    protocol.receive(sent('\r\n.\r\n'));
    expect(protocol.next()).toMatchObject({ type: 'bodyEnd', fault: 'bare-lf' });
    expect(protocol.dropped).toBe(0);
  });
});

describe('ServerProtocol, replies', () => {
  const ok = reply(250, '2.1.0', 'one', 'two');

  it('are queued, and taken at once', () => {
    const protocol = new ServerProtocol(OPTIONS);
    protocol.send(reply(220, undefined, 'hello'));
    protocol.send(ok);
    const text = '220 hello\r\n250-2.1.0 one\r\n250 2.1.0 two\r\n';
    expect(protocol.pending).toBe(text.length);
    expect(protocol.take()).toBe(text);
    expect(protocol.pending).toBe(0);
    expect(protocol.take()).toBe('');
  });

  it('have enhanced status codes only where they are offered', () => {
    const protocol = new ServerProtocol({ ...OPTIONS, enhancedCodes: false });
    protocol.send(ok);
    expect(protocol.take()).toBe('250-one\r\n250 two\r\n');
  });
});
