/** The little Markdown that is generated, written as prettier would. */

/** A code span. */
export function code(value: string): string {
  return `\`${value}\``;
}

/** Plain text: whatever would be Markdown or HTML is escaped, except code spans. */
export function text(value: string): string {
  return value
    .split(/(`[^`]*`)/)
    .map((part) =>
      part.startsWith('`')
        ? part
        : part
            .replaceAll('\\', '\\\\')
            .replaceAll('*', '\\*')
            .replaceAll('<', '&lt;')
            .replaceAll('[', '\\[')
            .replace(/(?<![\p{L}\p{N}])_+|_+(?![\p{L}\p{N}])/gu, (found) => found.replaceAll('_', '\\_')),
    )
    .join('');
}

/** A table with its columns aligned. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => [...(row[column] ?? '')].length)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, i) => (row[i] ?? '') + ' '.repeat(width - [...(row[i] ?? '')].length)).join(' | ')} |`;
  const [first = [], ...others] = cells;
  return [line(first), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...others.map(line)].join('\n');
}
