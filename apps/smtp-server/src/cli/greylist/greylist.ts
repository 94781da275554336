/** `greylist`: what the policy greylist knows, in the store that the configuration names, while the server runs. */
import { COUNTED, type Counted, type KnownTriple } from '@mailverb/policy-greylist';
import { cleanText } from '@mailverb/protocol';
import { reasonOf } from '../../errors.js';
import { EXIT, type Io } from '../io.js';
import { readFilter, type Filter, type WrittenFilter } from './filter.js';
import { openRecords, type Opened } from './open-records.js';

/** What all of its commands can be told. */
export interface GreylistCommand {
  readonly config: string | undefined;
  readonly json: boolean;
}

/** Which triples: those of a filter, or, where nothing is filtered by, all that were asked for in so many words. */
export interface Selection extends WrittenFilter {
  readonly all: boolean;
  readonly waiting: boolean;
  readonly passed: boolean;
}

const HEADINGS: Readonly<Record<Counted, string>> = {
  new: 'new',
  early: 'early',
  waiting: 'waiting',
  passed: 'passed',
  known: 'known',
  allowed: 'allowed',
  autoAllowed: 'auto-allowed',
};

/** How many there are, and what became of those who asked. */
export function stats({ config, json }: GreylistCommand, io: Io): Promise<number> {
  return within(config, io, async ({ records: [records] }) => {
    const numbers = { waiting: 0, passed: 0, networks: 0 };
    for await (const { state } of records.triples()) numbers[state.passed ? 'passed' : 'waiting'] += 1;
    for await (const _ of records.networks()) numbers.networks += 1;
    const days = await records.days();
    const known = records.canList ? numbers : undefined;
    if (json) {
      io.out(`${JSON.stringify({ ...known, days: days.map(({ day, counts }) => ({ day, ...counts })) })}\n`);
      return EXIT.ok;
    }
    if (known !== undefined) {
      io.out(`waiting: ${known.waiting}\npassed: ${known.passed}\nnetworks that passed: ${known.networks}\n`);
    }
    const rows = days.map(({ day, counts }) => [day, ...COUNTED.map((counted) => String(counts[counted]))]);
    const head = ['day (UTC)', ...COUNTED.map((counted) => HEADINGS[counted])];
    if (rows.length > 0) io.out(columns([head, ...rows]));
    return EXIT.ok;
  });
}

/** Every triple that is meant, a line each. */
export function list({ config, json }: GreylistCommand, selection: Selection, io: Io): Promise<number> {
  return withFilter(selection, io, (filter) =>
    within(config, io, async ({ records: [records] }) => {
      if (!records.canList) return cannotList(io);
      for await (const triple of records.triples()) {
        if (filter(triple) && isSelected(triple, selection)) io.out(json ? jsonLine(triple) : line(triple));
      }
      return EXIT.ok;
    }),
  );
}

/** Lets pass what waits. */
export function release({ config }: GreylistCommand, selection: Selection, io: Io): Promise<number> {
  return change({ config, did: 'released' }, { ...selection, waiting: true }, io, ({ records: [records] }, triple) =>
    records.release(triple),
  );
}

/** Whoever it was is new. */
export function forget({ config }: GreylistCommand, selection: Selection, io: Io): Promise<number> {
  return change({ config, did: 'forgotten' }, selection, io, async ({ records: [records] }, triple) => {
    await records.forget(triple);
    // What its network has earned would let it pass all the same.
    await records.forgetNetwork(triple.network);
    return true;
  });
}

/** Lets a triple pass that nobody has seen yet. */
export function allow(
  { config }: GreylistCommand,
  { client, sender, recipient }: Required<WrittenFilter>,
  io: Io,
): Promise<number> {
  return within(config, io, async ({ records }) => {
    for (const one of records) {
      const triple = one.tripleOf(client ?? '', sender ?? '', recipient ?? '');
      if (typeof triple === 'string') {
        io.err(`${triple}\n`);
        return EXIT.usage;
      }
      await one.allow(triple);
      io.out(`allowed: ${triple.network} ${triple.sender} ${triple.recipient}\n`);
    }
    return EXIT.ok;
  });
}

function change(
  { config, did }: { readonly config: string | undefined; readonly did: string },
  selection: Selection,
  io: Io,
  act: (opened: Opened, triple: KnownTriple) => Promise<boolean>,
): Promise<number> {
  const { client, sender, recipient, all } = selection;
  if (!all && client === undefined && sender === undefined && recipient === undefined) {
    io.err('expected --client, --sender or --recipient, or --all for everything\n');
    return Promise.resolve(EXIT.usage);
  }
  return withFilter(selection, io, (filter) =>
    within(config, io, async (opened) => {
      const [records] = opened.records;
      if (!records.canList) return cannotList(io);
      let number = 0;
      for await (const triple of records.triples()) {
        if (!filter(triple) || !isSelected(triple, selection)) continue;
        if (await act(opened, triple)) number += 1;
      }
      io.out(`${did}: ${number}\n`);
      return EXIT.ok;
    }),
  );
}

function isSelected({ state }: KnownTriple, { waiting, passed }: Selection): boolean {
  return waiting === passed || state.passed === passed;
}

async function withFilter(written: WrittenFilter, io: Io, use: (filter: Filter) => Promise<number>): Promise<number> {
  const filter = readFilter(written);
  if (typeof filter !== 'string') return use(filter);
  io.err(`${filter}\n`);
  return EXIT.usage;
}

/** What is wrong with the configuration is for whoever has called; a store that is not to be reached is told here. */
async function within(file: string | undefined, io: Io, use: (opened: Opened) => Promise<number>): Promise<number> {
  const opened = await openRecords(file, io);
  try {
    await opened.start();
    return await use(opened);
  } catch (error) {
    io.err(`the store: ${reasonOf(error)}\n`);
    return EXIT.failure;
  } finally {
    await opened.close();
  }
}

function cannotList(io: Io): number {
  io.err('store: this one can not say what it has: expected lmdb or redis\n');
  return EXIT.configuration;
}

function line({ network, sender, recipient, state }: KnownTriple): string {
  const fields = [
    state.passed ? 'passed' : 'waiting',
    network,
    sender,
    recipient,
    time(state.since),
    state.passed ? time(state.used) : '-',
  ];
  return `${fields.map(cleanText).join('\t')}\n`;
}

function jsonLine({ network, sender, recipient, state }: KnownTriple): string {
  const { passed, since, used } = state;
  const times = passed ? { since: time(since), used: time(used) } : { since: time(since) };
  return `${JSON.stringify({ state: passed ? 'passed' : 'waiting', network, sender, recipient, ...times })}\n`;
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Rows with their columns below each other; the first to the left, numbers to the right. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  const padded = (cell: string, i: number): string =>
    i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0);
  return rows.map((row) => `${row.map(padded).join('  ')}\n`).join('');
}
