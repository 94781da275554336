/** What TLS is like from outside, by programs that look for weaknesses: nothing weaker than declared (attack A25). */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peer, run, succeed } from './program';
import { certificateIn, securePlace, type SecurePlace } from './secure-place';
import { makeCertificate } from '@mailverb/certificates';

const LISTENERS = ['starttls', 'implicit'] as const;

/** openssl's client; what it prints of the handshake. It knows versions that are older than its own configuration allows. */
async function client(place: SecurePlace, listener: (typeof LISTENERS)[number], ...more: string[]): Promise<string> {
  const how = listener === 'starttls' ? ['-starttls', 'smtp'] : [];
  const args = ['s_client', '-connect', `127.0.0.1:${place.port(listener)}`, ...how, '-CAfile', place.ca, ...more];
  const { stdout, stderr } = await run(peer('openssl'), args, { input: 'QUIT\r\n' });
  return stdout + stderr;
}

describe.each(LISTENERS)('openssl, %s', (listener) => {
  it('agrees on TLS 1.2 and 1.3, and on nothing older', async () => {
    const place = await securePlace();
    for (const [flag, version] of [
      ['-tls1_2', 'TLSv1.2'],
      ['-tls1_3', 'TLSv1.3'],
    ] as const) {
      const said = await client(place, listener, flag, '-servername', 'mx.example.org');
      expect(said).toContain(`New, ${version}`);
      expect(said).toContain('Verify return code: 0 (ok)');
    }
    for (const flag of ['-tls1', '-tls1_1']) {
      const said = await client(place, listener, flag, '-cipher', 'DEFAULT@SECLEVEL=0');
      expect(said).toMatch(/alert protocol version|no protocols available|Cipher is \(NONE\)/);
      expect(said).not.toMatch(/Cipher is (?!\(NONE\))/);
    }
    expect(await place.server.stop()).toBe(0);
  });

  it('finds no suite without forward secrecy or authenticated encryption', async () => {
    const place = await securePlace();
    const weak = 'AES128-SHA:AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0';
    const said = await client(place, listener, '-tls1_2', '-cipher', weak);
    expect(said).toMatch(/handshake failure/);
    expect(await place.server.stop()).toBe(0);
  });

  it('gets the certificate of the name that it asks for', async () => {
    const place = await securePlace({}, async (path) => {
      const other = await certificateIn(path, 'other', { names: ['other.example'] });
      return { tls: { certificates: [other] } };
    });
    for (const name of ['mx.example.org', 'other.example']) {
      const said = await client(place, listener, '-servername', name);
      expect(said).toMatch(new RegExp(`subject=CN = ${name === 'other.example' ? name : 'localhost'}`));
    }
    expect(await place.server.stop()).toBe(0);
  });

  it('needs a certificate where one is demanded, and one that can be verified', async () => {
    const people = await makeCertificate({ commonName: 'people', names: ['ca.example'], authority: true });
    const place = await securePlace({}, (path) => {
      writeFileSync(join(path, 'people.pem'), people.cert);
      return { tls: { clientCertificates: 'require', clientAuthorities: join(path, 'people.pem') } };
    });
    const ann = await certificateIn(place.path, 'ann', { commonName: 'ann', names: ['ann.example'], signedBy: people });
    const eve = await certificateIn(place.path, 'eve', { commonName: 'eve', names: ['eve.example'] });
    const greeted = async (...who: string[]) => (await client(place, listener, '-quiet', ...who)).includes('221 ');
    expect(await greeted('-cert', ann.cert, '-key', ann.key)).toBe(true);
    expect(await greeted('-cert', eve.cert, '-key', eve.key)).toBe(false);
    expect(await greeted()).toBe(false);
    expect(await place.server.stop()).toBe(0);
  });
});

describe.each(LISTENERS)('sslscan, %s', (listener) => {
  it('finds only what is declared', async () => {
    const place = await securePlace();
    const how = listener === 'starttls' ? ['--starttls-smtp'] : [];
    const args = ['--no-colour', '--xml=-', ...how, `127.0.0.1:${place.port(listener)}`];
    const { stdout } = await succeed(peer('sslscan'), args);
    const enabled = [...stdout.matchAll(/<protocol type="(\w+)" version="([\d.]+)" enabled="1"/g)];
    expect(enabled.map(([, type, version]) => `${type} ${version}`)).toEqual(['tls 1.2', 'tls 1.3']);
    const ciphers = [...stdout.matchAll(/<cipher [^>]*cipher="([^"]+)"/g)].map(([, cipher]) => cipher ?? '');
    expect(ciphers.length).toBeGreaterThan(4);
    for (const cipher of ciphers) {
      expect(cipher).toMatch(/^(?:TLS_(?:AES|CHACHA20)_|ECDHE-ECDSA-(?:AES\d+-GCM|CHACHA20))/);
    }
    expect(stdout).not.toMatch(/vulnerable="1"/);
    expect(await place.server.stop()).toBe(0);
  });
});

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

/** Neither is about what the server does: the certificate is one for tests, on a machine without DNS. */
const ABOUT_THE_TEST = /^(?:cert|DNS|engine_problem|scanTime|scanProblem|pre_128cipher|optimal_proto)/;

describe.each(LISTENERS)('testssl.sh, %s', (listener) => {
  it('finds nothing that is weak', async () => {
    const place = await securePlace();
    const file = join(place.path, 'testssl.json');
    const how = listener === 'starttls' ? ['--starttls', 'smtp'] : [];
    const checks = ['--protocols', '--std', '--fs', '--vulnerable'];
    const quiet = ['--quiet', '--warnings', 'off', '--color', '0', '--nodns', 'none', '--jsonfile', file];
    const { stdout, stderr } = await run(
      peer('testssl'),
      [...how, ...checks, ...quiet, `127.0.0.1:${place.port(listener)}`],
      {
        cwd: place.path,
        env: { ...process.env, OPENSSL_TIMEOUT: '10' },
      },
    );
    if (!existsSync(file)) throw new Error(`testssl.sh wrote nothing:\n${stdout}${stderr}`);
    const findings = JSON.parse(readFileSync(file, 'utf8')) as readonly Finding[];
    const seen = new Map(findings.map(({ id, finding }) => [id, finding]));
    expect(seen.get('TLS1_2')).toContain('offered');
    expect(seen.get('TLS1_3')).toContain('offered');
    const weak = findings.filter(
      ({ id, severity }) => !ABOUT_THE_TEST.test(id) && !['OK', 'INFO', 'DEBUG'].includes(severity),
    );
    expect(weak).toEqual([]);
    // It has looked at all of them.
    for (const id of [
      'heartbleed',
      'CCS',
      'ROBOT',
      'secure_renego',
      'POODLE_SSL',
      'SWEET32',
      'LOGJAM',
      'BEAST',
      'LUCKY13',
      'RC4',
    ]) {
      expect([...seen.keys()].join(' ')).toContain(id);
    }
    expect(await place.server.stop()).toBe(0);
  });
});
