/**
 * What mail data means, slowly and obviously: on the whole text at once, with string functions. For comparison with decoders that see a chunk
 * at a time. Text is latin1: each character an octet.
 */

/** Mail data that was read to its end, or as far as there is any. */
export interface ModelData {
  /** Octets up to and with the end, or undefined if the end has not come. */
  readonly used: number | undefined;
  /** The message. */
  readonly body: string;
  /** True if it must be refused. */
  readonly faulty: boolean;
}

const BARE = /\r(?!\n)|(?<!\r)\n/;

/** DATA: up to CRLF "." CRLF; what came before the first octet was a CRLF, too. */
export function readData(text: string, normalize: boolean, maxLine: number): ModelData {
  const end = `\r\n${text}`.indexOf('\r\n.\r\n');
  const raw = end === -1 ? text : text.slice(0, end);
  const { body, tooLong } = normalize
    ? repaired(end === -1 ? settled(raw) : raw, true, maxLine)
    : unstuffed(end === -1 ? raw.replace(/(^|\r\n)\.\r?$/, '$1') : raw, maxLine);
  return {
    used: end === -1 ? undefined : end + 3,
    body,
    faulty: tooLong || (!normalize && BARE.test(end === -1 ? raw.replace(/\r$/, '') : raw)),
  };
}

/** BDAT: all octets so far; `last` if there will be no more. */
export function readChunks(text: string, last: boolean, normalize: boolean, maxLine: number): Omit<ModelData, 'used'> {
  const decided = last ? text : text.replace(/\r$/, '');
  if (!normalize) {
    return { body: text, faulty: BARE.test(decided) || unstuffed(decided, maxLine, false).tooLong };
  }
  const { body, tooLong } = repaired(last ? text.replace(/\r$/, '') : decided, false, maxLine);
  // A CR at the very end could not be repaired any more.
  return { body, faulty: tooLong || (last && text.endsWith('\r')) };
}

/** Without what another octet could still turn into something else: a CR, and a dot at the beginning of a line. */
function settled(text: string): string {
  if (/(?:^|\r|\n)\.$/.test(text)) return text.slice(0, -1);
  if (/(?:^|\r\n)\.\r$/.test(text)) return text.slice(0, -2);
  // Behind a dot that a repaired line break made content the CR tells that it stands alone.
  return /[\r\n]\.\r$/.test(text) ? text : text.replace(/\r$/, '');
}

function unstuffed(text: string, maxLine: number, dots = true): { readonly body: string; readonly tooLong: boolean } {
  const lines = text.split('\r\n').map((line) => (dots && line.startsWith('.') ? line.slice(1) : line));
  const tooLong = maxLine !== 0 && lines.some((line, i) => line.length + (i + 1 < lines.length ? 2 : 0) > maxLine);
  return { body: lines.join('\r\n'), tooLong };
}

function repaired(text: string, dots: boolean, maxLine: number): { readonly body: string; readonly tooLong: boolean } {
  const pieces = text.split(/(\r\n|\r|\n)/);
  let body = '';
  let tooLong = false;
  for (let i = 0; i < pieces.length; i += 2) {
    const line = pieces[i] ?? '';
    const last = i + 1 >= pieces.length;
    // A dot that is alone on its line stays: the line was no end as it was sent.
    const alone = line === '.' && !last;
    const content = dots && line.startsWith('.') && !alone ? line.slice(1) : line;
    body += content + (last ? '' : '\r\n');
    if (maxLine !== 0 && content.length + (last ? 0 : 2) > maxLine) tooLong = true;
  }
  return { body, tooLong };
}
