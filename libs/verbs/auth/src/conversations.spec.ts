/** The conversations, with a mechanism and users of the spec's own: whole assemblies are tools/conformance's. */
import { join } from 'node:path';
import { Mechanisms, definePlugin, use, type SaslMechanism } from '@mailverb/contract';
import {
  acceptEverybody,
  describeConversations,
  listenerSettings,
  plainVerbs,
  testServer,
  type Conversation,
} from '@mailverb/testing';
import { MapStore, claim } from './auth.fixture.js';
import { authPlugin } from './plugin.js';

describeConversations(join(__dirname, '../conversations'), serverFor);

function serverFor(conversation: Conversation, transport: 'memory' | 'tcp') {
  const { listener, others } = listenerSettings(conversation);
  const settings = new Map(others);
  const take = (name: string): object => {
    const value = settings.get(name) ?? {};
    settings.delete(name);
    return Object(value);
  };
  const users = new Map(Object.entries(take('users')));
  const options = new Map(Object.entries(take('options'))).get(authPlugin.name);
  const encrypted = settings.delete('tls');
  for (const name of settings.keys()) throw new Error(`unknown setting ${name}`);
  const mechanisms: Mechanisms = {
    offered: ({ identity }) => (identity === undefined && !encrypted && users.size > 0 ? [plain(users)] : []),
    wantsTls: () => encrypted,
  };
  const services = definePlugin({
    name: 'service-auth-test',
    register(contribute) {
      contribute.service(Mechanisms, mechanisms);
      contribute.store(MapStore);
      // Without it no reply has a code of that kind.
      contribute.extension({ keyword: 'ENHANCEDSTATUSCODES' });
    },
  });
  const plugins = [plainVerbs(), acceptEverybody(), use(services), use(authPlugin, options)];
  return testServer({ ...listener, transport, plugins });
}

/** PLAIN, as far as these conversations use it. */
function plain(users: ReadonlyMap<string, unknown>): SaslMechanism {
  return {
    name: 'PLAIN',
    begin: () => ({
      step(response) {
        if (response === undefined) return { type: 'challenge', data: new Uint8Array(0) };
        const [, name = '', password = ''] = Buffer.from(response).toString().split('\0');
        if (name === '' || password === '')
          return { type: 'failure', kind: 'malformed', reason: 'no message of PLAIN' };
        const right = users.get(name) === password;
        return claim(
          name,
          right ? { type: 'success', name } : { type: 'failure', kind: 'credentials', reason: 'wrong' },
        );
      },
    }),
  };
}
