/** pino-pretty as a function from a line of JSON to a line of text: no stream, no worker. */
import { escapeText, hasUnsafe } from '@mailverb/log-text';
import pinoPretty from 'pino-pretty';

// What colours are made of, and nothing else that begins with ESC.
// oxlint-disable-next-line no-control-regex
const COLOUR = /(\x1b\[\d+m)/;

/** Makes the formatter. Each line stays one line, without a control character that is not a colour of ours (attack A6). */
export function prettyLine(colour: boolean): (json: string) => string {
  const format = pinoPretty.prettyFactory({
    colorize: colour,
    singleLine: true,
    // Errors too stay in their line; their stack is a field like others.
    errorLikeObjectKeys: [],
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: '',
  });
  return (json) => {
    const record = JSON.parse(json) as Record<string, unknown>;
    // Some of these pino-pretty prints as they are. A field in depth it prints as JSON, which escapes ESC.
    for (const name of Object.keys(record)) {
      const value = record[name];
      if (typeof value === 'string') record[name] = escapeText(value);
    }
    const line = format(record).trimEnd();
    if (!hasUnsafe(line)) return `${line}\n`;
    if (!colour) return `${escapeOnly(line)}\n`;
    return `${line
      .split(COLOUR)
      .map((part, i) => (i % 2 === 1 ? part : escapeOnly(part)))
      .join('')}\n`;
  };
}

// Backslashes here are escapes already.
function escapeOnly(text: string): string {
  return text.split('\\').map(escapeText).join('\\');
}
