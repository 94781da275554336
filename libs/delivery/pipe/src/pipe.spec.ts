import { contributionsOf, deliver, describeDelivery, testMailbox, testRecipient, testSession } from '@mailverb/testing';
import { PipeDelivery, pipeOptions, pipePlugin } from './index.js';
import { scene, type Scene } from './pipe.fixture.js';

describeDelivery('pipe', () => scene(), { refused: '"a b"@example.org' });
describeDelivery('pipe for each recipient', () => scene({ each: 'recipient' }), { refused: '"a b"@example.org' });

const scenes: Scene[] = [];

async function start(...args: Parameters<typeof scene>): Promise<Scene> {
  const made = await scene(...args);
  scenes.push(made);
  await made.strategy.start();
  return made;
}

afterEach(async () => {
  jest.restoreAllMocks();
  for (const one of scenes.splice(0)) await one.cleanup();
});

const MESSAGE = Buffer.from('Subject: x\r\n\r\nFrom here\r\nto there\r\n');
/** Says its arguments, one a line, and its environment. */
const TELL = `for one in "$@"; do printf '<%s>\\n' "$one"; done > "$FOLDER/said/$$"; cat > /dev/null`;
const TELL_ENV = `env | sort > "$FOLDER/said/$$"; cat > /dev/null`;

const replies = ({ outcomes }: Awaited<ReturnType<typeof deliver>>): string[] =>
  outcomes.map(({ reply }) => String(reply));

describe('arguments', () => {
  const ARGS = ['-f{sender}', '--', '{recipient}', '{local}|{user}|{extension}|{domain}', '{id}', '{size}', '{client}'];

  it('have values within them, and are never split or read by a shell (attack A11)', async () => {
    const at = await start(
      { each: 'recipient', args: [...ARGS, '$(id) `id` ; {{x}'], addresses: 'any', subaddressSeparator: '+' },
      TELL,
    );
    const envelope = { id: 'T1', reversePath: testMailbox('"; rm -rf ~ $(x) `y`"@example.net') };
    await deliver(at.strategy, ['"a b"@example.org', 'bob+x+y@example.org'], MESSAGE, { envelope });
    const rest = [`<T1>`, `<${MESSAGE.length}>`, '<192.0.2.1>', '<$(id) `id` ; {x}>', ''];
    const first = ['<-f"; rm -rf ~ $(x) `y`"@example.net>', '<-->'];
    expect((await at.said()).toSorted()).toEqual(
      [
        [...first, '<"a b"@example.org>', '<a b|a b||example.org>', ...rest].join('\n'),
        [...first, '<bob+x+y@example.org>', '<bob+x+y|bob|x+y|example.org>', ...rest].join('\n'),
      ].toSorted(),
    );
  });

  it('have all recipients of a message, an argument each', async () => {
    const at = await start({ args: ['to', '{recipients}', 'end'] }, TELL);
    await deliver(at.strategy, ['ann@example.org', 'bob@example.org', 'Postmaster'], MESSAGE);
    expect(await at.said()).toEqual(['<to>\n<ann@example.org>\n<bob@example.org>\n<Postmaster>\n<end>\n']);
  });

  it('name the null sender as the configuration says', async () => {
    const at = await start({ args: ['{sender}'] }, TELL);
    await deliver(at.strategy, ['ann@example.org'], MESSAGE, { envelope: { reversePath: null } });
    expect(await at.said()).toEqual(['<MAILER-DAEMON>\n']);
  });

  it.each([
    [['{recipient}'], '-x@example.org', 's@example.net', '553 5.1.3'],
    [['{local}'], '-x@example.org', 's@example.net', '553 5.1.3'],
    [['{extension}'], 'bob+-rf@example.org', 's@example.net', '553 5.1.3'],
    [['{sender}'], 'ann@example.org', '-x@example.net', '553 5.1.7'],
    [['{sender}', '--'], 'ann@example.org', '-x@example.net', '553 5.1.7'],
    [['a{recipient}', '--to={local}', '-f{sender}'], '-x@example.org', '-x@example.net', undefined],
    [['--', '{recipient}', '{sender}'], '-x@example.org', '-x@example.net', undefined],
  ])('%j never have an option of %s or %s', async (args, to, from, refusal) => {
    const at = await start({ each: 'recipient', args, subaddressSeparator: '+' }, TELL);
    const sent = await deliver(at.strategy, [to], MESSAGE, { envelope: { reversePath: testMailbox(from) } });
    expect(sent.refused.get(to)?.toString().slice(0, 9)).toBe(refusal);
    expect(sent.outcomes).toHaveLength(refusal === undefined ? 1 : 0);
    expect(await at.said()).toHaveLength(refusal === undefined ? 1 : 0);
  });

  it('of all recipients have no option among them', async () => {
    const at = await start({ args: ['{recipients}'] }, TELL);
    const { refused, taken } = await deliver(at.strategy, ['-x@example.org', 'ann@example.org'], MESSAGE);
    expect([refused.get('-x@example.org')?.code, taken.length]).toEqual([553, 1]);
  });

  it.each([
    ['message', '{recipient}', '{recipient} needs each: recipient'],
    ['message', '{local}', '{local} needs each: recipient'],
    ['message', 'a{recipients}', '{recipients} must be an argument of its own'],
    ['recipient', '{recipients}', '{recipients} needs each: message'],
    ['message', '{', 'unknown placeholder {'],
    ['message', '{__proto__}', 'unknown placeholder __proto__'],
    ['message', 'a\0', 'expected no NUL'],
  ] as const)('of a program for each %s may not be %j', (each, arg, words) => {
    const { error } = pipeOptions.safeParse({ program: '/bin/true', each, args: ['x', arg] });
    expect(error?.issues.map(({ path, message }) => [path.join('.'), message])).toEqual([
      ['args.1', expect.stringContaining(words)],
    ]);
  });
});

describe('addresses', () => {
  it.each([
    '"a b"@example.org',
    '"a\\"b"@example.org',
    '".."@example.org',
    '"../x"@example.org',
    '/etc/passwd@example.org',
    '|id@example.org',
    '$x@example.org',
    '`id`@example.org',
    'a%b@example.org',
    'jörg@example.org',
    '""@example.org',
  ])('%s is no recipient unless that is wanted (attacks A11, A12)', async (to) => {
    const refused = await deliver((await start()).strategy, [to], MESSAGE);
    expect(refused.refused.get(to)?.toString()).toMatch(/^553 5\.1\.3 /);
    expect(replies(await deliver((await start({ addresses: 'any' })).strategy, [to], MESSAGE))).toEqual([
      expect.stringMatching(/^250 2\.0\.0 /),
    ]);
  });

  it.each([
    ["o'neil+a=b#1/x@example.net", true],
    ['prvs=1234=a@[192.0.2.1]', true],
    ['"() { :; }; id"@example.net', false],
    ['".."@example.net', false],
    ['jörg@example.net', false],
  ])('%s as sender: %p', async (from, taken) => {
    const at = await start();
    const sent = await deliver(at.strategy, ['ann@example.org'], MESSAGE, {
      envelope: { reversePath: testMailbox(from) },
    });
    expect(sent.taken).toHaveLength(taken ? 1 : 0);
    if (!taken) expect(sent.refused.get('ann@example.org')?.toString()).toMatch(/^553 5\.1\.7 /);
  });
});

describe('environment', () => {
  const of = (text: string | undefined): Map<string, string> =>
    new Map(
      (text ?? '').split('\n').flatMap((line) => (line === '' ? [] : [line.split(/=(.*)/s, 2) as [string, string]])),
    );

  it('is what is known of the message and what was configured, and nothing else', async () => {
    process.env['PIPE_SPEC_SECRET'] = 'hidden';
    process.env['PIPE_SPEC_GIVEN'] = 'given';
    const at = await start(
      {
        each: 'recipient',
        subaddressSeparator: '+',
        env: { COLOUR: 'red' },
        inherit: ['PIPE_SPEC_GIVEN', 'NOT_THERE'],
      },
      TELL_ENV,
    );
    const recipient = testRecipient('bob+lists@example.org', {
      ORCPT: { type: 'rfc822', address: '() { :; };\n"x"@example.org' },
    });
    const session = testSession({ heloName: 'a.example', identity: { name: 'ann x', mechanism: 'PLAIN' } });
    await deliver(at.strategy, [recipient], MESSAGE, { session, envelope: { id: 'T1' } });
    const told = of((await at.said())[0]);
    // The shell's own.
    for (const name of ['PWD', 'OLDPWD', 'SHLVL', '_']) told.delete(name);
    expect([...told].toSorted()).toEqual([
      ['CLIENT_ADDRESS', '192.0.2.1'],
      ['CLIENT_HELO', 'a.example'],
      ['CLIENT_PROTOCOL', 'ESMTP'],
      ['COLOUR', 'red'],
      ['DOMAIN', 'example.org'],
      ['EXTENSION', 'lists'],
      ['FOLDER', at.folder],
      ['LOCAL', 'bob+lists'],
      ['MESSAGE_ID', 'T1'],
      ['MESSAGE_SIZE', `${MESSAGE.length}`],
      ['ORIGINAL_RECIPIENT', '_____:______x_@example.org'],
      ['PATH', '/usr/bin:/bin'],
      ['PIPE_SPEC_GIVEN', 'given'],
      ['RECIPIENT', 'bob+lists@example.org'],
      ['SASL_METHOD', 'PLAIN'],
      ['SASL_USERNAME', 'ann_x'],
      ['SENDER', 'sender@test.example'],
    ]);
    delete process.env['PIPE_SPEC_SECRET'];
    delete process.env['PIPE_SPEC_GIVEN'];
  });

  it('of a program for a whole message has no recipient', async () => {
    const at = await start({}, TELL_ENV);
    const session = testSession({ extended: false });
    await deliver(at.strategy, ['ann@example.org'], MESSAGE, { session, envelope: { reversePath: null } });
    const told = of((await at.said())[0]);
    expect([told.has('RECIPIENT'), told.get('SENDER'), told.get('CLIENT_PROTOCOL')]).toEqual([
      false,
      'MAILER-DAEMON',
      'SMTP',
    ]);
  });

  it('can not be made to lie about the message, and has only good names', () => {
    for (const env of [{ SENDER: 'x' }, { 'a b': 'x' }, { 'A=B': 'x' }, { A: 'x\0' }]) {
      expect(pipeOptions.safeParse({ program: '/bin/true', env }).success).toBe(false);
    }
  });
});

describe('the message', () => {
  const BEFORE = 'From sender@test.example Thu Jan  1 00:00:00 2026\r\nReturn-Path: <sender@test.example>\r\n';

  it('has lines before it, and line ends, as they are wanted', async () => {
    const lines = { fromLine: true, returnPath: true, deliveredTo: true, each: 'recipient' } as const;
    const text = `${BEFORE}Delivered-To: ann@example.org\r\n${MESSAGE.toString()}`;
    for (const lineEnds of ['crlf', 'lf'] as const) {
      const at = await start({ ...lines, lineEnds });
      await deliver(at.strategy, ['ann@example.org'], MESSAGE);
      expect(String((await at.stored())[0])).toBe(lineEnds === 'lf' ? text.replaceAll('\r\n', '\n') : text);
    }
  });

  it('is left as it is where it is binary, and has LF by default', async () => {
    for (const BODY of ['BINARYMIME', '8BITMIME'] as const) {
      const at = await start({ lineEnds: undefined });
      await deliver(at.strategy, ['ann@example.org'], MESSAGE, { envelope: { parameters: { BODY } } });
      const expected = BODY === 'BINARYMIME' ? MESSAGE.toString() : MESSAGE.toString().replaceAll('\r\n', '\n');
      expect(String((await at.stored())[0])).toBe(expected);
    }
  });

  it('of nobody says so', async () => {
    const at = await start({ fromLine: true, returnPath: true });
    await deliver(at.strategy, ['ann@example.org'], MESSAGE, { envelope: { reversePath: null } });
    expect(String((await at.stored())[0])).toMatch(/^From MAILER-DAEMON Thu Jan .*\r\nReturn-Path: <>\r\nSubject/);
  });

  it('has no character outside ASCII in a field without SMTPUTF8', async () => {
    const options = { each: 'recipient', returnPath: true, deliveredTo: true, addresses: 'any' } as const;
    for (const parameters of [{}, { SMTPUTF8: true }] as const) {
      const at = await start(options);
      const envelope = { parameters, reversePath: testMailbox('jörg@example.net') };
      await deliver(at.strategy, ['zoë@example.org'], MESSAGE, { envelope });
      const fields = 'Return-Path: <jörg@example.net>\r\nDelivered-To: zoë@example.org\r\n';
      expect(String((await at.stored())[0])).toBe(`${'SMTPUTF8' in parameters ? fields : ''}${MESSAGE.toString()}`);
    }
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(contributionsOf(pipePlugin)).toEqual([{ kind: 'delivery', name: 'pipe', value: PipeDelivery }]);
});
