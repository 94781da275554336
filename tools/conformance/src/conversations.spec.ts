/** Every conversation of this tool and of every library, held with the assembly of everything. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describeConversations } from '@mailverb/testing';
import { serverFor } from './assembly.js';

const OURS = join(__dirname, '../conversations');
const LIBRARIES = join(__dirname, '../../../libs');

const folders = (parent: string) =>
  readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(parent, entry.name));

describe('conformance', () => {
  for (const folder of folders(OURS)) describeConversations(folder, serverFor);
});

describe('the libraries', () => {
  const libraries = [...folders(LIBRARIES), ...folders(LIBRARIES).flatMap(folders)];
  for (const library of libraries) {
    const folder = join(library, 'conversations');
    if (existsSync(folder)) describeConversations(folder, serverFor);
  }
});
