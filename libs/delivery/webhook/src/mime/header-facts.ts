/**
 * What the header of a message says, as text that can be given to others: fields as they stand there (unfolded), and the few that everybody
 * wants in a form that can be used. Values are data: nothing here may become a header or a file name without being cleaned by who makes it so.
 */
import type { MimeNode } from '@zone-eu/mailsplit';
import libmime from 'libmime';
import { parseAddressHeader } from 'mailparser';

/** A field as it stands in the message, unfolded; encoded words are not decoded. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

/** An address in a header; the name is empty where there is none. Groups are given as their members. */
export interface Address {
  readonly name: string;
  readonly address: string;
}

/** The header of the message. */
export interface HeaderFacts {
  readonly fields: readonly Field[];
  readonly subject: string;
  readonly from: readonly Address[];
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly bcc: readonly Address[];
  readonly replyTo: readonly Address[];
}

/** What is known where the header could not be read. */
export const NO_HEADER: HeaderFacts = {
  fields: [],
  subject: '',
  from: [],
  to: [],
  cc: [],
  bcc: [],
  replyTo: [],
};

/** A longer list of addresses is not taken apart; it still stands among the fields. About 1500 addresses. */
const MAX_ADDRESSES = 64 * 1024;

/** Reads the header of a part. */
export function headerFacts(node: MimeNode): HeaderFacts {
  const fields = fieldsOf(node);
  const addresses = (name: string): readonly Address[] => addressesIn(all(fields, name));
  return {
    fields,
    subject: decoded(first(fields, 'Subject')),
    from: addresses('From'),
    to: addresses('To'),
    cc: addresses('Cc'),
    bcc: addresses('Bcc'),
    replyTo: addresses('Reply-To'),
  };
}

/** The first field of this name, or an empty text. */
export function first(fields: readonly Field[], name: string): string {
  return all(fields, name)[0] ?? '';
}

/** As in a header: `"Bob" <bob@example.org>`. Not for headers: nothing is encoded. */
export function formatAddress({ name, address }: Address): string {
  if (name === '') return address;
  return `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}" <${address}>`;
}

/** Several of them. */
export function formatAddresses(addresses: readonly Address[]): string {
  return addresses.map(formatAddress).join(', ');
}

function fieldsOf(node: MimeNode): readonly Field[] {
  if (node.headers === false) return [];
  return node.headers.getList().flatMap(({ line }) => {
    const colon = line.indexOf(':');
    if (colon <= 0) return [];
    // A line is given with a character for each octet.
    const value = Buffer.from(line.slice(colon + 1), 'latin1').toString('utf8');
    return [{ name: line.slice(0, colon).trimEnd(), value: value.replaceAll(/[\r\n]/g, '').trim() }];
  });
}

function all(fields: readonly Field[], name: string): readonly string[] {
  const wanted = name.toLowerCase();
  return fields.filter((field) => field.name.toLowerCase() === wanted).map((field) => field.value);
}

function decoded(value: string): string {
  try {
    return libmime.decodeWords(value);
  } catch {
    return value;
  }
}

function addressesIn(values: readonly string[]): readonly Address[] {
  if (values.reduce((sum, value) => sum + value.length, 0) > MAX_ADDRESSES) return [];
  const { value } = parseAddressHeader([...values], { flatten: true });
  return value.flatMap(({ name, address }) =>
    address === undefined || address === '' ? [] : [{ name: oneLine(name), address: oneLine(address) }],
  );
}

/** An encoded word can hold anything (attack A6). */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\x00-\x1f\x7f]/g, ' ');
}
