/**
 * Attack A1, CVE-2023-51764, -51765, -51766, -51747, CVE-2024-27305, Haraka issue 3268: what is nearly CRLF . CRLF, cut in two at every byte,
 * in every mode of bare newlines. One reply, at the true end; and what is delivered, if anything is, is all of it.
 */
import { settle, type TestServer } from '@mailverb/testing';
import { everything, withPolicies } from './assembly.js';
import { OUR_RECIPIENTS } from './plugins.js';

/** Every way to write an end of a line, the right one among them, around a dot with or without something beside it. */
const BREAKS = ['\r\n', '\n', '\r', '\r\r\n', '\n\r', '\r\n\0', '\r\0\n', '\u2028'];
const DOTS = ['.', '. ', '.\0', '..', ' .'];

const ENDINGS = BREAKS.flatMap((before) => DOTS.flatMap((dot) => BREAKS.map((after) => before + dot + after)))
  // The only one that does end the mail data, wherever it stands.
  .filter((ending) => !ending.includes('\r\n.\r\n'));

const SMUGGLED = 'MAIL FROM:<smuggled@example.net>\r\nRCPT TO:<victim@example.org>\r\nDATA\r\nsmuggled';

const message = (ending: string) => Buffer.from(`X: y\r\n\r\nbefore${ending}${SMUGGLED}\r\n`, 'utf8');

/** What RFC 5321 4.5.2 makes of it, on text where all breaks are right. */
const unstuffed = (text: string) => text.replaceAll('\r\n.', '\r\n');

const BARE = /\r(?!\n)|(?<!\r)\n/;

/** What arrives if bare newlines are repaired: all breaks right; a dot alone on a line that was none as sent stays. */
function repaired(text: string): string {
  const lines = text.split(/(\r\n|\r|\n)/);
  let out = '';
  for (let i = 0; i < lines.length; i += 2) {
    const line = lines[i] ?? '';
    const last = i + 1 >= lines.length;
    // RFC 5321 4.5.2 takes one dot away, unless the line would have been the end.
    const content = i > 0 && line.startsWith('.') && line !== '.' ? line.slice(1) : line;
    out += content + (last ? '' : '\r\n');
  }
  return out;
}

async function send(server: TestServer, wire: Buffer, cutAt: number): Promise<string> {
  const client = server.client();
  await client.untilData('sender@example.net', 'user@example.org');
  client.write(wire.subarray(0, cutAt));
  await settle(1);
  client.write(Buffer.concat([wire.subarray(cutAt), Buffer.from('.\r\nQUIT\r\n')]));
  const lines = await client.ended();
  await client.close();
  return lines.map((line) => line.slice(0, 9)).join(' ');
}

const plugins = withPolicies(OUR_RECIPIENTS);
const printed = (text: string) => JSON.stringify(text);

describe.each(['reject', 'normalize', 'accept'] as const)('A1 with bareNewlines: %s', (bareNewlines) => {
  it(`none of ${ENDINGS.length} endings ends the mail data, and nothing of it is lost`, async () => {
    const server = await everything({ plugins, bareNewlines, limits: { connectionsPerAddress: 10_000 } });
    for (const ending of ENDINGS) {
      const wire = message(ending);
      const before = server.messages.length;
      const replies = await send(server, wire, wire.length);
      const refused = bareNewlines === 'reject' && BARE.test(ending);
      expect(`${printed(ending)} ${replies}`).toBe(
        `${printed(ending)} ${refused ? '550 5.6.0' : '250 2.0.0'} 221 2.0.0`,
      );
      const texts = server.messages.slice(before).map(({ text }) => text);
      const sent = wire.toString('utf8');
      const expected = refused ? [] : [BARE.test(ending) ? repaired(sent) : unstuffed(sent)];
      expect({ ending: printed(ending), texts }).toEqual({ ending: printed(ending), texts: expected });
    }
    await server.stop();
  }, 60_000);
});

// `accept` reads mail data as `normalize` does.
describe.each(['reject', 'normalize'] as const)('A1 with bareNewlines: %s', (bareNewlines) => {
  // Those that somebody has taken for the end; the others are the same to a parser.
  const known = [
    '\n.\n',
    '\n.\r\n',
    '\r\n.\n',
    '\r.\r',
    '\r.\r\n',
    '\r\n.\r',
    '\r\n\0.\r\n',
    '\r\r\n.\r\r\n',
    '\r\n.\r\r\n',
    '\n\r.\n\r',
  ];
  it.each(known.map(printed))(
    '%s, cut in two at every byte',
    async (name) => {
      const wire = message(String(JSON.parse(name)));
      const server = await everything({ plugins, bareNewlines, limits: { connectionsPerAddress: 10_000 } });
      const whole = await send(server, wire, wire.length);
      const text = server.messages[0]?.text;
      for (let cutAt = 1; cutAt < wire.length; cutAt++) {
        expect(`${cutAt}: ${await send(server, wire, cutAt)}`).toBe(`${cutAt}: ${whole}`);
      }
      expect(new Set(server.messages.map((one) => one.text))).toEqual(new Set(text === undefined ? [] : [text]));
      expect(server.messages.length).toBe(text === undefined ? 0 : wire.length);
      await server.stop();
    },
    60_000,
  );
});
