import { bodyOf } from '@mailverb/body';
import { contributionsOf, deliver, describeDelivery, openDelivery, testRecipient } from '@mailverb/testing';
import { mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MaildirDelivery, maildirOptions, maildirPlugin } from './index.js';
import { inFolder, type Folder } from './maildir.fixture.js';

describeDelivery('maildir, shared', () => inFolder());
describeDelivery('maildir that writes to a file at once, a mailbox for each recipient', () =>
  inFolder({ memory: 0, layout: 'per-recipient' }),
);
describeDelivery('maildir without fsync, with little memory for all', () =>
  inFolder({ fsync: false, totalMemory: '4KiB' }),
);

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const folders: Folder[] = [];
const open = async (...args: Parameters<typeof inFolder>) => {
  const folder = await inFolder(...args);
  folders.push(folder);
  return folder;
};
afterEach(async () => {
  for (const folder of folders.splice(0)) await folder.cleanup();
});

describe('MaildirDelivery', () => {
  it('declares what it forces to the disk', async () => {
    expect((await open()).strategy.durability).toBe('disk');
    expect((await open({ fsync: false })).strategy.durability).toBe('memory');
  });

  it('makes a Maildir that only its owner may read', async () => {
    const { strategy, path } = await open({}, 'deep/er');
    await strategy.start();
    await deliver(strategy, ['a@example.org'], bytes('x'));
    for (const folder of ['deep', 'deep/er', 'deep/er/tmp', 'deep/er/new', 'deep/er/cur']) {
      expect((await stat(join(path, '..', '..', folder))).mode & 0o777).toBe(0o700);
    }
    const [name] = await readdir(join(path, 'new'));
    expect((await stat(join(path, 'new', name ?? ''))).mode & 0o777).toBe(0o600);
  });

  it('names files by the convention, with nothing from the message in them', async () => {
    const { strategy, path } = await open();
    await strategy.start();
    for (let i = 0; i < 3; i += 1) await deliver(strategy, ['a@example.org'], bytes('x'));
    const names = await readdir(join(path, 'new'));
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(name).toMatch(/^1767225600\.M0P\d+Q\d+R[0-9a-f]{12}\.[A-Za-z0-9._-]+$/);
  });

  it('gives each recipient a mailbox of its own, and recipients of one mailbox one message', async () => {
    const { strategy, path } = await open({ layout: 'per-recipient', subaddressSeparator: '+' });
    await strategy.start();
    const to = ['Bob@example.org', 'bob+list@example.org', 'eve@example.org', 'bob@example.net', 'postmaster'];
    const { outcomes } = await deliver(strategy, to, bytes('hi'));
    expect(outcomes.map((o) => o.reply.code)).toEqual([250, 250, 250, 250, 250]);
    const mailboxes = ['example.org/bob', 'example.org/eve', 'example.net/bob', 'mx.test.example/postmaster'];
    const inodes = new Set<number>();
    for (const mailbox of mailboxes) {
      const names = await readdir(join(path, mailbox, 'new'));
      expect(names).toHaveLength(1);
      expect(await readFile(join(path, mailbox, 'new', names[0] ?? ''), 'latin1')).toBe('hi');
      inodes.add((await stat(join(path, mailbox, 'new', names[0] ?? ''))).ino);
      expect(await readdir(join(path, mailbox, 'tmp'))).toEqual([]);
    }
    expect(inodes.size).toBe(1);
    expect((await readdir(path)).toSorted()).toEqual(['example.net', 'example.org', 'mx.test.example']);
  });

  it('keeps every path inside its folder, whatever the local part says (attack A12)', async () => {
    const { strategy, path } = await open({ layout: 'per-recipient' }, 'inside');
    await strategy.start();
    const to = ['"../../evil"@example.org', '"/etc/passwd"@example.org', '".."@example.org', '"new"@[192.0.2.1]'];
    const { outcomes } = await deliver(strategy, to, bytes('hi'));
    expect(outcomes.map((o) => o.reply.code)).toEqual([250, 250, 250, 250]);
    expect(await readdir(join(path, '..'))).toEqual(['inside']);
    expect((await readdir(join(path, 'example.org'))).toSorted()).toEqual([
      '%2E.',
      '%2E.%2F..%2Fevil',
      '%2Fetc%2Fpasswd',
    ]);
    expect(await readdir(join(path, '%5B192.0.2.1%5D'))).toEqual(['new']);
  });

  it('refuses a recipient that can have no mailbox', async () => {
    const { strategy, path } = await open({ layout: 'per-recipient' });
    await strategy.start();
    const { transaction } = await openDelivery(strategy, []);
    expect(String(await transaction.recipient(testRecipient('""@example.org')))).toMatch(/^553 5\.1\.3 /);
    await transaction.abort('test');
    expect(await readdir(path)).toEqual([]);
  });

  it('refuses recipients without a Maildir where it may not make any', async () => {
    const { strategy, path } = await open({ layout: 'per-recipient', create: false });
    for (const part of ['tmp', 'new', 'cur']) await mkdir(join(path, 'example.org/bob', part), { recursive: true });
    await mkdir(join(path, 'example.org/half/new'), { recursive: true });
    await strategy.start();
    const { refused, outcomes } = await deliver(
      strategy,
      ['eve@example.org', 'bob@example.org', 'half@example.org'],
      bytes('hi'),
    );
    expect([...refused].map(([address, answer]) => `${address} ${answer.code}`)).toEqual([
      'eve@example.org 550',
      'half@example.org 550',
    ]);
    expect(outcomes.map((o) => o.reply.code)).toEqual([250]);
  });

  it('does not start where it may make nothing and nothing is there', async () => {
    await expect((await open({ create: false })).strategy.start()).rejects.toThrow('is no Maildir');
    await expect((await open({ create: false, layout: 'per-recipient' }, 'no')).strategy.start()).rejects.toThrow(
      'ENOENT',
    );
  });

  it('makes a Maildir again that went away while it ran', async () => {
    const { strategy, path, cleanup } = await open();
    await strategy.start();
    await cleanup();
    const { outcomes } = await deliver(strategy, ['a@example.org'], bytes('hi'));
    expect(outcomes.map((o) => o.reply.code)).toEqual([250]);
    expect(await readdir(join(path, 'new'))).toHaveLength(1);
  });

  it('converts line ends only where it is told to, and never in binary content', async () => {
    const chunks = ['a\r', '\nb\r\nc', '\n\rd\r\n'];
    const read = async (folder: Folder) => (await folder.stored()).map((b) => Buffer.from(b).toString('latin1'));
    const exact = await open();
    const unix = await open({ lineEndings: 'lf' });
    const binary = await open({ lineEndings: 'lf' });
    for (const folder of [exact, unix, binary]) await folder.strategy.start();
    await deliver(exact.strategy, ['a@example.org'], bodyOf(chunks.map(bytes)));
    await deliver(unix.strategy, ['a@example.org'], bodyOf(chunks.map(bytes)));
    const envelope = { parameters: { BODY: 'BINARYMIME' } } as const;
    await deliver(binary.strategy, ['a@example.org'], bodyOf(chunks.map(bytes)), { envelope });
    expect(await read(exact)).toEqual(['a\r\nb\r\nc\n\rd\r\n']);
    expect(await read(unix)).toEqual(['a\nb\nc\n\rd\n']);
    expect(await read(binary)).toEqual(['a\r\nb\r\nc\n\rd\r\n']);
  });

  it.each(['shared', 'per-recipient'] as const)(
    'removes old files from tmp at start, and nothing else (%s)',
    async (layout) => {
      const { strategy, path, clock } = await open({ layout });
      const mailbox = layout === 'shared' ? path : join(path, 'example.org/bob');
      for (const part of ['tmp/folder', 'new', 'cur']) await mkdir(join(mailbox, part), { recursive: true });
      const put = async (name: string, hoursAgo: number) => {
        await writeFile(join(mailbox, name), 'x');
        const time = (clock.now() - hoursAgo * 3_600_000) / 1000;
        await utimes(join(mailbox, name), time, time);
      };
      await put('tmp/old', 37);
      await put('tmp/young', 35);
      await put('new/old', 37);
      await put('cur/old', 37);
      await symlink('/', join(mailbox, 'tmp/link'));
      await writeFile(join(path, 'stray'), 'x');
      await strategy.start();
      expect((await readdir(join(mailbox, 'tmp'))).toSorted()).toEqual(['folder', 'link', 'young']);
      expect(await readdir(join(mailbox, 'new'))).toEqual(['old']);
      expect(await readdir(join(mailbox, 'cur'))).toEqual(['old']);
    },
  );
});

describe('the plugin', () => {
  it('contributes the strategy maildir', () => {
    expect(maildirPlugin.name).toBe('delivery-maildir');
    expect(contributionsOf(maildirPlugin)).toEqual([{ kind: 'delivery', name: 'maildir', value: MaildirDelivery }]);
  });

  it('wants a path, and refuses options that it does not know', () => {
    expect(maildirOptions.parse({ path: 'mail' })).toEqual({
      path: 'mail',
      layout: 'shared',
      create: true,
      fsync: true,
      lineEndings: 'crlf',
      localPartCase: 'fold',
      memory: 262_144,
      totalMemory: 67_108_864,
      staleAfter: 129_600_000,
    });
    expect(maildirOptions.safeParse({}).success).toBe(false);
    expect(maildirOptions.safeParse({ path: 'mail', fsnyc: false }).success).toBe(false);
  });
});
