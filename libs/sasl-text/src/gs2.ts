/** GS2 headers (RFC 5801 4, RFC 5802 7): before the first message of SCRAM and OAUTHBEARER, how the client binds and as whom it wants to act. */
import { prepareName } from './names.js';

/** What a GS2 header says. */
export interface Gs2Header {
  /** `n`: the client can't bind to the channel. `y`: it could, and believes that this server can't. `p`: it does, by `bindingType`. */
  readonly flag: 'n' | 'y' | 'p';
  /** As it is registered with IANA: `tls-exporter`. */
  readonly bindingType: string | undefined;
  /** As whom it wants to act, prepared; undefined for as whom it is. */
  readonly authzid: string | undefined;
  /** As it was sent, both commas included. */
  readonly text: string;
  /** What stands behind it. */
  readonly rest: string;
}

/** RFC 5801 4: `cb-name`. The longest that is registered has 19. */
const BINDING = /^p=[A-Za-z0-9.-]{1,64}$/;

/** Reads the header at the beginning of `message`; undefined if there is none. */
export function parseGs2Header(message: string): Gs2Header | undefined {
  const first = message.indexOf(',');
  const second = message.indexOf(',', first + 1);
  if (first === -1 || second === -1) return undefined;
  const flag = message.slice(0, first);
  const bound = BINDING.test(flag);
  if (!bound && flag !== 'n' && flag !== 'y') return undefined;
  const named = message.slice(first + 1, second);
  const authzid = named === '' ? undefined : readAuthzid(named);
  if (named !== '' && authzid === undefined) return undefined;
  return {
    flag: bound ? 'p' : flag === 'y' ? 'y' : 'n',
    bindingType: bound ? flag.slice(2) : undefined,
    authzid,
    text: message.slice(0, second + 1),
    rest: message.slice(second + 1),
  };
}

function readAuthzid(text: string): string | undefined {
  if (!text.startsWith('a=')) return undefined;
  const name = unescapeSaslName(text.slice(2));
  return name === undefined ? undefined : prepareName(name);
}

/** A `saslname` without its escapes: `=2C` is a comma, `=3D` an equals sign, and no other equals sign may be there (RFC 5802 5.1). */
export function unescapeSaslName(text: string): string | undefined {
  if (text.includes(',')) return undefined;
  const [first = '', ...others] = text.split('=');
  let name = first;
  for (const part of others) {
    const escaped = part.slice(0, 2);
    if (escaped !== '2C' && escaped !== '3D') return undefined;
    name += (escaped === '2C' ? ',' : '=') + part.slice(2);
  }
  return name;
}
