/** SASL mechanisms: any sequence of responses to an exchange of each (attacks A18, A23). */
import type { MaybePromise, SaslMechanism, SaslStep } from '@mailverb/contract';
import { LoginMechanism } from '@mailverb/sasl-login';
import { OauthBearerMechanism, Xoauth2Mechanism, oauthOptions } from '@mailverb/sasl-oauth';
import { PlainMechanism } from '@mailverb/sasl-plain';
import { ScramSha1Mechanism, ScramSha256Mechanism, ScramSha256PlusMechanism, scramOptions } from '@mailverb/sasl-scram';
import { ExternalMechanism } from '@mailverb/sasl-external';
import { TestAuthenticator, testSession, testTls, testUser } from '@mailverb/testing';
import { holds, magnitude, type Target } from '../engine/target.js';
import { soundName } from './sasl-text.js';

/** Between two responses: no octet of UTF-8. */
const SEPARATOR = 0xff;
const MOST_STEPS = 8;

const ANN = testUser('ann', { password: 'Secret-1', token: 'Token-1' });
const BOSS = testUser('boss', { password: 'Secret-2', token: 'Token-2' });
const NAMES = new Set([ANN.name, BOSS.name]);
const SECRETS = [ANN.password, ANN.token, BOSS.password, BOSS.token];

const authenticator = new TestAuthenticator({
  users: [ANN, BOSS],
  mayActAs: (name, other) => name === 'boss' && NAMES.has(other),
});
const session = testSession({
  phase: 'greeted',
  tls: testTls({ clientCertificate: ANN.certificate, channelBinding: () => Buffer.from('bound') }),
});
const scram = scramOptions.parse({ secret: 'the same in each run' });
const oauth = oauthOptions.parse({});

const MECHANISMS: readonly SaslMechanism[] = [
  new PlainMechanism(authenticator),
  new LoginMechanism(authenticator),
  new ScramSha256Mechanism(scram, authenticator),
  new ScramSha1Mechanism(scram, authenticator),
  new ScramSha256PlusMechanism(scram, authenticator),
  new OauthBearerMechanism(oauth, authenticator),
  new Xoauth2Mechanism(oauth, authenticator),
  new ExternalMechanism(authenticator),
];

export const saslTarget: Target = {
  name: 'sasl',
  holds:
    'an exchange comes to an end, nobody is let in without a secret, as nobody but whom it may act as, after one claim; and reasons tell no secret',
  tokens: [
    '\xff',
    '\0ann\0Secret-1',
    'ann\xffSecret-1',
    'ann\0boss\0Secret-2',
    '\0',
    'n,,n=ann,r=abcdef',
    'p=tls-exporter,,n=ann,r=abcdef',
    'c=biws,r=abcdef,p=AAAA',
    ',m=x',
    'n,,\x01auth=Bearer Token-1\x01\x01',
    'user=ann\x01auth=Bearer Token-1\x01\x01',
    '\x01host=mx.example.org\x01port=587',
    '=2C',
    ',a=boss,',
  ],
  maxLength: 1000,
  async check(input) {
    const responses = split(input);
    let signature = '';
    for (const mechanism of MECHANISMS) signature += `${await attempt(mechanism, responses)};`;
    authenticator.calls.length = 0;
    return signature;
  },
  async parse(input) {
    for (const mechanism of MECHANISMS) await attempt(mechanism, split(input));
    authenticator.calls.length = 0;
  },
};

async function attempt(mechanism: SaslMechanism, responses: readonly Uint8Array[]): Promise<string> {
  const exchange = mechanism.begin(session);
  const sent = Buffer.concat(responses).toString('latin1');
  let signature = '';
  let claims = 0;
  let next: () => MaybePromise<SaslStep> = () => exchange.step(responses[0]);
  for (let steps = 1; ; steps++) {
    holds(steps <= MOST_STEPS + responses.length, `${mechanism.name} does not come to an end`);
    const step = await next();
    signature += step.type[0];
    switch (step.type) {
      case 'challenge': {
        signature += magnitude(step.data.length);
        const response = responses[steps - claims];
        // Nobody answers any more.
        if (response === undefined) return signature;
        next = () => exchange.step(response);
        break;
      }
      case 'claim':
        claims += 1;
        holds(claims === 1, `${mechanism.name} makes two claims`);
        // A bearer token may stand for anybody: it is counted by something else than a name.
        if (step.name !== '') soundName(step.name);
        next = step.proceed;
        break;
      case 'success':
        holds(claims === 1, `${mechanism.name} lets in without a claim`);
        holds(NAMES.has(step.name), `${mechanism.name} lets in as somebody else`, step.name);
        if (mechanism.name !== 'EXTERNAL') {
          holds(
            SECRETS.some((secret) => sent.includes(secret)),
            `${mechanism.name} lets in without a secret`,
            sent,
          );
        }
        return `${signature}${step.name}`;
      case 'failure':
        for (const secret of SECRETS) holds(!step.reason.includes(secret), `${mechanism.name} tells a secret`);
        return `${signature}${step.kind}${step.reason.slice(0, 20)}`;
    }
  }
}

function split(input: Uint8Array): readonly Uint8Array[] {
  const responses: Uint8Array[] = [];
  let from = 0;
  for (let at = input.indexOf(SEPARATOR); at !== -1; at = input.indexOf(SEPARATOR, from)) {
    responses.push(input.subarray(from, at));
    from = at + 1;
  }
  return [...responses, input.subarray(from)];
}
