/** How a scripted peer reads commands, and what it minds about how they were sent. */
import type { PeerPath } from './peer-options.js';

/** `<path> parameters` behind MAIL FROM: or RCPT TO:; undefined if it is something else. */
export function pathOf(text: string): PeerPath | undefined {
  if (!text.startsWith('<')) return undefined;
  let quoted = false;
  for (let i = 1; i < text.length; i++) {
    const character = text[i];
    if (character === '\\' && quoted) i++;
    else if (character === '"') quoted = !quoted;
    else if (character === '>' && !quoted) {
      const rest = text.slice(i + 1);
      return rest === '' || rest.startsWith(' ') ? { path: text.slice(1, i), parameters: rest.slice(1) } : undefined;
    }
  }
  return undefined;
}

/** RFC 2920 3.1, and those of later documents: nothing may stand behind them. */
const LAST: ReadonlySet<string> = new Set([
  'EHLO',
  'DATA',
  'VRFY',
  'EXPN',
  'QUIT',
  'NOOP',
  'STARTTLS',
  'AUTH',
  'XCLIENT',
]);

/** Which extension a parameter belongs to. */
const PARAMETERS: ReadonlyMap<string, string> = new Map([
  ['SIZE', 'SIZE'],
  ['BODY', '8BITMIME'],
  ['SMTPUTF8', 'SMTPUTF8'],
  ['RET', 'DSN'],
  ['ENVID', 'DSN'],
  ['NOTIFY', 'DSN'],
  ['ORCPT', 'DSN'],
  ['AUTH', 'AUTH'],
]);

/** What is wrong with a command that was sent behind others, or before the answer to it. */
export function pipeliningFault(verb: string, offers: (keyword: string) => boolean): string | undefined {
  // LMTP's hello is EHLO by another name; whoever says HELO was offered nothing.
  if (LAST.has(verb) || verb === 'LHLO' || verb === 'HELO') return `something was sent before the answer to ${verb}`;
  return offers('PIPELINING')
    ? undefined
    : `something was sent before the answer to ${verb}, and PIPELINING is not offered`;
}

/** What is wrong with the parameters of MAIL or RCPT. */
export function parameterFaults(parameters: string, offers: (keyword: string) => boolean): readonly string[] {
  const faults: string[] = [];
  for (const one of parameters.split(' ').filter((part) => part !== '')) {
    const name = one.split('=', 1)[0]?.toUpperCase() ?? '';
    const keyword = PARAMETERS.get(name);
    if (keyword === undefined || !offers(keyword)) faults.push(`the parameter ${name}, which is not offered`);
  }
  return faults;
}

/** True if there is a CR without LF, or a LF without CR. */
export function hasBareNewline(octets: Buffer): boolean {
  for (let at = octets.indexOf(0x0a); at !== -1; at = octets.indexOf(0x0a, at + 1))
    if (octets[at - 1] !== 0x0d) return true;
  for (let at = octets.indexOf(0x0d); at !== -1; at = octets.indexOf(0x0d, at + 1))
    if (octets[at + 1] !== 0x0a) return true;
  return false;
}
