/** What a file may say, and what is said about one that is wrong: everything at once, each with its path. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError, createServer } from '@mailverb/core';
import { checkConfiguration, readConfiguration } from './configuration.js';
import { greylistPlan } from './greylist-plan.js';
import { endAll, folder } from './proxy.fixture.js';

afterEach(endAll);

const LEAST = { serverName: 'mx.example.org', upstream: { host: '192.0.2.9' }, allowedDomains: ['example.org'] };

function fault(written: unknown): string {
  try {
    checkConfiguration(written);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return 'nothing';
}

describe('a configuration', () => {
  it('has defaults, which are the ancestor’s where they can be', () => {
    expect(checkConfiguration(LEAST)).toEqual({
      ...LEAST,
      serverId: 'Mailverb',
      host: '127.0.0.1',
      port: 25,
      upstream: { host: '192.0.2.9', port: 25 },
      allowedSenders: ['127.0.0.1', '::1'],
      allowedSenderNetworks: [],
      whitelistedTriples: [],
      whitelistedNonstandardTriples: [],
      times: { retryAfter: '180s', passAfter: '3600s', retryWithin: '25000s', passedFor: '3000000s' },
      inactivityTimeout: '5m',
      log: './greylist.log',
      store: './greylist.store',
    });
  });

  it.each<[object, string]>([
    [{ serverName: 'a b' }, 'serverName: expected a host name such as mail.example.org (it is "a b")'],
    [{ serverName: undefined }, 'serverName: missing: expected string'],
    [{ serverId: 'a\r\nb' }, 'serverId: expected printable ASCII'],
    [{ serverId: '' }, 'serverId: expected printable ASCII'],
    [{ serverId: 'x'.repeat(200) }, 'serverId: expected no more than 200 characters'],
    [{ port: 65_536 }, 'port: '],
    [{ port: 'smtp' }, 'port: expected number, received string (it is "smtp")'],
    [{ host: '' }, 'host: '],
    [{ upstream: { host: 'a', prt: 25 } }, 'upstream.prt: unknown key; known are host, port; did you mean "port"?'],
    [{ upstream: 'a:25' }, 'upstream: '],
    [
      { allowedSenders: ['ann@example.org'] },
      'allowedSenders[0]: expected an address or a network such as 10.0.0.0/8 (it is "ann@example.org")',
    ],
    [{ allowedSenders: '192.0.2.1' }, 'allowedSenders: expected array, received string (it is "192.0.2.1")'],
    [
      { allowedSenderNetworks: ['192.0.2'] },
      'allowedSenderNetworks[0]: expected an address or a network such as 10.0.0.0/8 (it is "192.0.2")',
    ],
    [
      { allowedDomains: ['example.org', 'a@b'] },
      'allowedDomains[1]: expected a domain such as example.org or *.example.org (it is "a@b")',
    ],
    [
      { allowedDomains: [], allowedSenders: [] },
      'allowedDomains: expected a domain, or an allowed sender or network: nobody could send anything',
    ],
    [
      { whitelistedTriples: [{ client: '192.0.2.1', sender: 'a@b.example' }] },
      'whitelistedTriples[0].recipient: missing: expected string',
    ],
    [
      { whitelistedTriples: [{ client: 'x', sender: '<>', recipient: 'b.example' }] },
      'whitelistedTriples[0].client: expected an address or a network',
    ],
    [
      {
        whitelistedNonstandardTriples: [
          { helo: 'a', netwrk: '10.0.0.0/8', network: '10.0.0.0/8', recipient: 'b.example' },
        ],
      },
      'whitelistedNonstandardTriples[0].netwrk: unknown key; known are helo, network, recipient; did you mean "network"?',
    ],
    [{ inactivityTimeout: 60 }, 'inactivityTimeout: expected a duration such as 30s, 5m or 2h (it is 60)'],
    [
      { inactivityTimeout: '1 minute' },
      'inactivityTimeout: expected a duration such as 30s, 5m or 2h (it is "1 minute")',
    ],
    [{ inactivityTimeout: 0 }, 'inactivityTimeout: expected a duration above 0 (it is 0)'],
    [
      { times: { passAftr: '1h' } },
      'times.passAftr: unknown key; known are retryAfter, passAfter, retryWithin, passedFor; did you mean "passAfter"?',
    ],
    [{ logfile: 'x' }, 'logfile: unknown key; known are '],
  ])('%j is refused', (change, expected) => {
    expect(fault({ ...LEAST, ...change }).slice(0, expected.length)).toBe(expected);
  });

  it('is told all of its mistakes at once', () => {
    expect(fault({ port: -1, upstream: { host: 7 }, allowedDomains: ['@'], domains: [] }).split('\n')).toHaveLength(5);
  });

  it.each([undefined, null, [], 'text', 7])('is no %p', (tree) => {
    expect(fault(tree)).toMatch(/^configuration: /);
  });

  it('whose times make no sense is refused by the policy that has them', async () => {
    const plan = greylistPlan(checkConfiguration({ ...LEAST, times: { retryAfter: '2h' } }));
    await expect(createServer(plan)).rejects.toThrow('retryAfter: expected no more than passAfter');
  });
});

describe('a file', () => {
  const file = (text: string): string => {
    const path = join(folder(), 'greylist.yaml');
    writeFileSync(path, text);
    return path;
  };

  it('is YAML', () => {
    const path = file(
      '# Mail.\nserverName: mx.example.org\nupstream: { host: "192.0.2.9" }\nallowedDomains: [example.org]\n',
    );
    expect(readConfiguration(path)).toMatchObject(LEAST);
  });

  it.each([
    ['a: [', 'this is not YAML'],
    ['a: *b', 'this is not'],
    [
      `a: &a [x]\n${[...'bcdefgh'].map((name, i) => `${name}: &${name} [${Array(20).fill(`*${'abcdefg'[i]}`).join()}]`).join('\n')}`,
      'this is not usable YAML',
    ],
    ['', 'serverName: missing'],
    ['serverName: a\nserverName: b', 'this is not YAML: Map keys must be unique'],
  ])('%j is refused', (text, expected) => {
    expect(() => readConfiguration(file(text))).toThrow(expected);
  });

  it('that is not there is told so', () => {
    expect(() => readConfiguration(join(folder(), 'none.yaml'))).toThrow('cannot read the configuration file');
  });

  it('such as the example makes a server', async () => {
    const plan = greylistPlan(readConfiguration(join(__dirname, '../example.yaml')));
    const { assembly } = await createServer(plan);
    expect(assembly.listeners[0]?.delivery).toMatchObject({ name: 'proxy', durability: 'remote' });
    expect(
      assembly.listeners[0]?.stages.find(({ stage }) => stage === 'rcpt')?.policies.map(({ name }) => name),
    ).toEqual(['unless', 'greylist', 'recipients']);
  });
});
