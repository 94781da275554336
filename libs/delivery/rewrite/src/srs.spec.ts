import { inspect } from 'node:util';
import fc from 'fast-check';
import { parseMailbox, type Mailbox } from '@mailverb/protocol';
import { testMailbox } from '@mailverb/testing';
import { SrsSecrets, forwardSrs, reverseSrs, type Reversed, type SrsForm } from './srs.js';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 25, 12);
const FORM: SrsForm = {
  domain: 'srs.example.net',
  secrets: new SrsSecrets(['a new secret of a test', 'an old secret of a test']),
  hash: 'sha1',
  hashLength: 6,
  separator: '=',
  maxAge: 21 * DAY,
};

const forward = (address: string, form = FORM, now = NOW) => forwardSrs(form, testMailbox(address), now)?.address;
const shown = (reversed: Reversed | undefined) => (typeof reversed === 'object' ? reversed.address : reversed);
const reverse = (address: string, form = FORM, now = NOW) => shown(reverseSrs(form, testMailbox(address), now));

describe('SRS', () => {
  // What PostSRSd 1.10 made with this secret on that day.
  it.each([
    ['ann@example.org', 'SRS0=SwwL51=JO=example.org=ann@srs.example.net'],
    ['b+tag=x.y@example.org', 'SRS0=hSa6Mf=JO=example.org=b+tag=x.y@srs.example.net'],
    [
      'SRS0=AbCd=TT=example.org=ann@first.example',
      'SRS1=28bDQW=first.example==AbCd=TT=example.org=ann@srs.example.net',
    ],
    [
      'SRS0+AbCd=TT=example.org=ann@first.example',
      'SRS1=ik+qBY=first.example=+AbCd=TT=example.org=ann@srs.example.net',
    ],
  ])('makes of %s what others make, and finds back', (address, made) => {
    expect(forward(address)).toBe(made);
    expect(reverse(made)).toBe(address);
    // Whoever is on the way may change the case.
    expect(reverse(made.toLowerCase())).toBe(address.toLowerCase().replace('srs0', 'SRS0'));
  });

  it('leaves out the forwarder before, of more than two', () => {
    expect(forward('SRS1=AbCd=first.example==AbCd=TT=example.org=ann@second.example')).toBe(
      'SRS1=28bDQW=first.example==AbCd=TT=example.org=ann@srs.example.net',
    );
    // What only looks like one is anybody's address.
    expect(forward('SRS1=AbCd@second.example')).toMatch(/^SRS0=.{6}=JO=second\.example=SRS1=AbCd@/);
  });

  it('makes nothing that would be too long, nor of address literals', () => {
    const longest = 64 - 'SRS0=123456=JO=example.org='.length;
    expect(forward(`${'l'.repeat(longest)}@example.org`)).toBeDefined();
    expect(forward(`${'l'.repeat(longest + 1)}@example.org`)).toBeUndefined();
    expect(forward('ann@[192.0.2.1]')).toBeUndefined();
  });

  it('finds back to every address that fits', () => {
    const local = fc.string({
      unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)),
      minLength: 1,
      maxLength: 25,
    });
    fc.assert(
      fc.property(
        local,
        fc.constantFrom('=', '+', '-'),
        fc.constantFrom('sha1' as const, 'sha256' as const),
        (name, separator, hash) => {
          const mailbox = parseMailbox(`"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"@example.org`);
          fc.pre(mailbox !== undefined && !/^srs[01][=+-]/i.test(name));
          const form = { ...FORM, separator, hash };
          const made = forwardSrs(form, mailbox, NOW);
          fc.pre(made !== undefined);
          const found = reverseSrs(form, parseMailbox(made.address) as Mailbox, NOW);
          expect(found).toEqual(mailbox);
        },
      ),
    );
  });

  it('finds back by each secret, and by no other', () => {
    const made = forward('ann@example.org') ?? '';
    const by = (...secrets: string[]) => reverse(made, { ...FORM, secrets: new SrsSecrets(secrets) });
    expect(by('quite another secret', 'a new secret of a test')).toBe('ann@example.org');
    expect(by('quite another secret')).toBe('forged');
    expect(by()).toBe('forged');
  });

  it.each([
    ['SRS0=SwwL52=JO=example.org=ann@srs.example.net', 'forged'],
    ['SRS0=SwwL5=JO=example.org=ann@srs.example.net', 'forged'],
    ['SRS0=S=JO=example.org=ann@srs.example.net', 'forged'],
    ['SRS0=SwwL51=JP=example.org=ann@srs.example.net', 'forged'],
    ['SRS0=SwwL51=JO=example.com=ann@srs.example.net', 'forged'],
    ['SRS0=SwwL51=JO=example.org=bob@srs.example.net', 'forged'],
    ['SRS0=SwwL51xxxxxxxxxxxxxxxxxxxxxxxxxxxx=J=e=a@srs.example.net', 'forged'],
    ['SRS1=28bDQW=second.example==AbCd=TT=example.org=ann@srs.example.net', 'forged'],
    ['SRS0=SwwL51=JO=example.org@srs.example.net', 'malformed'],
    ['SRS0=a@srs.example.net', 'malformed'],
    ['SRS0=@srs.example.net', 'malformed'],
    ['SRS0==JO=example.org=ann@srs.example.net', 'malformed'],
    ['SRS1=28bDQW=first.example@srs.example.net', 'malformed'],
    ['SRS0@srs.example.net', undefined],
    ['SRS2=SwwL51=JO=example.org=ann@srs.example.net', undefined],
    ['SRS0_SwwL51=JO=example.org=ann@srs.example.net', undefined],
    ['ann@srs.example.net', undefined],
    ['SRS0=SwwL51=JO=example.org=ann@example.net', undefined],
  ])('finds %s %s', (address, expected) => {
    expect(reverse(address)).toBe(expected);
  });

  it('refuses what was signed and is no address', () => {
    const sign = (...parts: string[]) => [FORM.secrets.sign('sha1', 6, parts), ...parts].join('=');
    expect(reverse(`SRS1=${sign('first.example', 'x')}@srs.example.net`)).toBe('malformed');
    expect(reverse(`SRS1=${sign('1.2.3.4', '=x')}@srs.example.net`)).toBe('malformed');
    expect(reverse(`SRS0=${sign('JO', '1.2.3.4', 'x')}@srs.example.net`)).toBe('malformed');
    for (const day of ['J', 'JOO', 'J1', '!O']) {
      expect(reverse(`SRS0=${sign(day, 'example.org', 'x')}@srs.example.net`)).toBe('malformed');
    }
  });

  it('knows how old an address is, also when the days have come round', () => {
    for (let now = NOW; now < NOW + 1100 * DAY; now += 50 * DAY) {
      const made = forward('ann@example.org', FORM, now) ?? '';
      expect(reverse(made, FORM, now)).toBe('ann@example.org');
      expect(reverse(made, FORM, now - DAY)).toBe('ann@example.org');
      expect(reverse(made, FORM, now + 21 * DAY)).toBe('ann@example.org');
      expect(reverse(made, FORM, now + 22 * DAY)).toBe('expired');
      expect(reverse(made, FORM, now - 2 * DAY)).toBe('expired');
    }
  });

  it('takes any address for what it is, in no time', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseMailbox(`SRS0=${text}@srs.example.net`)));
    const hostile = { ...testMailbox('x@srs.example.net'), local: `SRS0=${'='.repeat(200_000)}` };
    const began = performance.now();
    expect(reverseSrs(FORM, hostile, NOW)).toBe('malformed');
    expect(performance.now() - began).toBeLessThan(200);
  });

  it('shows no secret', () => {
    expect(inspect(FORM, { depth: 10, showHidden: true }) + JSON.stringify(FORM)).not.toContain('of a test');
  });
});
