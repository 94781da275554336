/** RCPT: the forward-path, its parameters, and when a UTF-8 address is understood. */
import type { RcptParameters } from '@mailverb/contract';
import { Reply, reply } from '@mailverb/protocol';
import { contributionsOf, describeVerb, testCapabilities, testEnvelope, testSession } from '@mailverb/testing';
import { RcptVerb, type RcptParams } from './rcpt.verb.js';
import rcptPlugin from './plugin.js';

// As much of the real thing as the verb can see.
function readParameters(text: string): RcptParameters | Reply {
  return text.trim() === 'NOTIFY=NEVER' ? { NOTIFY: 'never' } : reply(555, '5.5.4', 'unknown');
}

const make = (): RcptVerb => new RcptVerb(testCapabilities({ rcptParameters: readParameters }));
const envelope = testEnvelope();
const session = testSession({ phase: 'mail', envelope });
const plain = testSession({ phase: 'mail', envelope, extended: false });
const utf8 = testSession({ phase: 'mail', envelope: testEnvelope({ parameters: { SMTPUTF8: true } }) });

describeVerb('rcpt', make, {
  args: ['TO:<a@example.org>', 'to:<Postmaster>', 'TO:<a@example.org> NOTIFY=NEVER'],
  refuses: ['', 'TO', 'TO:<>', 'TO:a@example.org', 'FROM:<a@example.org>', 'TO:<a@example.org> X=1', 'TO:<a@b@c>'],
});

function parsed(args: string, of = session): RcptParams {
  const params = make().parse(args, of);
  if (params instanceof Reply) throw new Error(String(params));
  return params;
}

describe('RCPT', () => {
  it('offers the recipient with what the parameters said', () => {
    const { reply: answer, effect } = make().perform(parsed('TO:<Joe@Example.org> NOTIFY=NEVER'), session);
    expect(String(answer)).toBe('250 2.1.5 Ok');
    expect(effect).toMatchObject({
      type: 'recipient',
      mailbox: { local: 'Joe', domain: 'example.org' },
      parameters: { NOTIFY: 'never' },
    });
  });

  it('takes Postmaster without a domain (RFC 5321 4.5.1)', () => {
    expect(parsed('TO:<postmaster>').mailbox).toMatchObject({ host: undefined, domain: '' });
  });

  it('reads a source route and drops it, and a percent sign means nothing (attacks A7, A17)', () => {
    expect(parsed('TO:<@a.example,@b.example:joe@example.org>').mailbox.address).toBe('joe@example.org');
    expect(parsed('TO:<victim%example.net@example.org>').mailbox.domain).toBe('example.org');
  });

  it('asks the policies of stage rcpt, with the envelope so far', () => {
    const params = parsed('TO:<a@example.org>');
    expect(make().question(params, session)).toEqual({
      stage: 'rcpt',
      input: { session, envelope, mailbox: params.mailbox, parameters: {} },
    });
  });

  it('accepts nobody where no policy could be asked (attack A17)', () => {
    const lost = testSession({ phase: 'mail', envelope: undefined });
    const params = parsed('TO:<a@example.org>', lost);
    expect(make().question(params, lost)).toBeUndefined();
    expect(String(make().perform(params, lost).reply)).toContain('503 5.5.1');
  });

  it.each([
    ['TO:<a@example.org> X-UNKNOWN', '555 5.5.4'],
    ['TO:<\u00e9@example.org>', '553 5.6.7'],
    ['TO:<a@b\u00fccher.example>', '553 5.6.7'],
    ['TO:<a@example.org', '501 5.1.3'],
    ['TO:<>', '501 5.1.3'],
    ['<a@example.org>', '501 5.5.2'],
  ])('%s is answered %s', (args, expected) => {
    expect(String(make().parse(args, session))).toContain(expected);
  });

  it('knows no parameters after HELO, not even good ones', () => {
    expect(String(make().parse('TO:<a@example.org> NOTIFY=NEVER', plain))).toBe('555 5.5.4 parameters need EHLO');
    expect(parsed('TO:<a@example.org>', plain).parameters).toEqual({});
  });

  it('understands a UTF-8 address where MAIL said SMTPUTF8', () => {
    expect(parsed('TO:<\u00e9@b\u00fccher.example>', utf8).mailbox.domain).toBe('xn--bcher-kva.example');
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(rcptPlugin.name).toBe('verb-rcpt');
  expect(contributionsOf(rcptPlugin)).toEqual([{ kind: 'verb', name: undefined, value: RcptVerb }]);
});
