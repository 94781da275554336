/** Large messages, made as they are sent: nobody has one whole in memory. */
import { createHash } from 'node:crypto';
import { Client } from './client';

export const MIB = 1024 * 1024;

/** Mail data of that size, all in complete lines, some of which begin with a dot. */
const LINE = Buffer.from(`${'x'.repeat(72)}\r\n..${'y'.repeat(70)}\r\n`);
const BLOCK = Buffer.concat(Array<Buffer>(4096).fill(LINE));

/** So many blocks are the size, or a little less. */
export const blocksOf = (octets: number): number => Math.floor(octets / BLOCK.length);

/** Sends messages of so many blocks in one session; gives the digest of one. */
export async function sendLarge(port: number, blocks: number, messages = 1): Promise<string> {
  const client = await Client.greeted(port);
  const hash = createHash('sha256');
  for (let n = 0; n < messages; n++) {
    await client.data();
    await pour(client, Buffer.from('Subject: large\r\n\r\n'));
    for (let block = 0; block < blocks; block++) await pour(client, BLOCK);
    client.write('.\r\n');
    await client.expect(250);
  }
  await client.expect(221, 'QUIT');
  hash.update('Subject: large\r\n\r\n');
  const plain = Buffer.from(BLOCK.toString('latin1').replace(/\r\n\.\./g, '\r\n.'), 'latin1');
  for (let block = 0; block < blocks; block++) hash.update(plain);
  return hash.digest('hex');
}

/** Writes, and waits until it is taken. */
export function pour(client: Client, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
