/** XCLIENT and XFORWARD: what a trusted peer says of a client (attacks A6, A16). */
import { isIP } from 'node:net';
import { Reply, isHeloName, parseHost } from '@mailverb/protocol';
import { testListener } from '@mailverb/testing';
import { XClientVerb } from '@mailverb/verb-xclient';
import { XForwardVerb } from '@mailverb/verb-xforward';
import { holds, textOf, type Target } from '../engine/target.js';

const xclient = new XClientVerb(testListener());
const xforward = new XForwardVerb();

export const clientAttributesTarget: Target = {
  name: 'client-attributes',
  holds:
    'each attribute is read by a grammar: addresses are addresses, names are names, and nothing has a control character',
  tokens: [
    'NAME=client.example.net',
    'ADDR=192.0.2.7',
    'ADDR=IPV6:2001:db8::1',
    'PORT=40000',
    'PROTO=ESMTP',
    'HELO=client.example.net',
    'LOGIN=ann',
    'DESTADDR=192.0.2.25',
    'DESTPORT=25',
    'IDENT=4F2A',
    'SOURCE=REMOTE',
    '[UNAVAILABLE]',
    '[TEMPUNAVAIL]',
    '+20',
    '+0D+0A',
    '+3D',
    'IPV6:',
    ' ',
  ],
  maxLength: 600,
  check(input) {
    const args = textOf(input);
    let signature = '';
    const said = xclient.parse(args);
    if (said instanceof Reply) {
      holds(said.code === 501, 'XCLIENT refuses otherwise than by 501', said.code);
      signature += said.text;
    } else {
      soundClient(said.address, said.name, said.helo);
      soundClient(said.localAddress, undefined, undefined);
      for (const port of [said.port, said.localPort]) soundPort(port);
      if (said.login !== undefined) soundText('login', said.login, 254);
      signature += Object.keys(said).join();
    }
    const forwarded = xforward.parse(args);
    if (forwarded instanceof Reply) {
      holds(forwarded.code === 501, 'XFORWARD refuses otherwise than by 501', forwarded.code);
      return `${signature};${forwarded.text}`;
    }
    soundClient(forwarded.address, forwarded.name, forwarded.helo);
    soundPort(forwarded.port);
    for (const text of [forwarded.ident, forwarded.protocol])
      if (text !== undefined) soundText('word', text, 255, false);
    return `${signature};${Object.keys(forwarded).join()}`;
  },
  parse(input) {
    xclient.parse(textOf(input));
    xforward.parse(textOf(input));
    xclient.parse(`NAME=${textOf(input)}`);
  },
};

function soundClient(address: string | undefined, name: string | undefined, helo: string | undefined): void {
  if (address !== undefined) holds(isIP(address) !== 0 && !address.includes('%'), 'an address that is none', address);
  if (name !== undefined) {
    soundText('name', name, 255, false);
    holds(parseHost(name, { underscores: true })?.kind === 'domain', 'a name that is none', name);
  }
  if (helo !== undefined) {
    soundText('helo', helo, 255, false);
    holds(isHeloName(helo), 'a HELO name that is none', helo);
  }
}

function soundPort(port: number | undefined): void {
  if (port !== undefined) holds(Number.isInteger(port) && port >= 0 && port <= 65535, 'a port that is none', port);
}

function soundText(what: string, text: string, most: number, spaces = true): void {
  holds((spaces ? /^[\x20-\x7e]+$/ : /^[\x21-\x7e]+$/).test(text), `a ${what} that is not printable`, text);
  holds(text.length <= most, `a ${what} that is too long`, text.length);
}
