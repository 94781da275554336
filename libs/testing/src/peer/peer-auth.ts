/** AUTH PLAIN and LOGIN as a scripted peer knows them. */
import type { PeerLogin } from './peer-options.js';

type Attempt = Pick<PeerLogin, 'mechanism' | 'authzid' | 'username' | 'password'>;

/** @param ask sends a challenge and gives the answer as it was sent. Undefined if it makes no sense. */
export async function authenticate(
  rest: string,
  ask: (challenge: string) => Promise<string>,
): Promise<Attempt | undefined> {
  const [mechanism = '', initial] = rest.split(' ');
  switch (mechanism.toUpperCase()) {
    case 'PLAIN': {
      const parts = decode(initial ?? (await ask(''))).split('\0');
      const [authzid = '', username = '', password = ''] = parts;
      return parts.length === 3 ? { mechanism: 'PLAIN', authzid, username, password } : undefined;
    }
    case 'LOGIN': {
      const username = decode(initial ?? (await ask(encode('Username:'))));
      const password = decode(await ask(encode('Password:')));
      return { mechanism: 'LOGIN', authzid: '', username, password };
    }
    default:
      return undefined;
  }
}

function decode(text: string): string {
  return Buffer.from(text === '=' ? '' : text, 'base64').toString('utf8');
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}
