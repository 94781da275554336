/** Pages of numbers in Prometheus' text format, and how those of several processes become one. */

/** One page. */
export interface Page {
  readonly contentType: string;
  readonly text: string;
}

/** A metric: what is said about it, and its rows. */
interface Family {
  readonly comments: string[];
  readonly rows: string[];
}

/**
 * The pages of several processes as one: each row gets the number of its process, as a label.
 *
 * They are not added up. A process that was started anew begins with 0, and a sum that goes back looks to Prometheus as if all had begun anew;
 * and of memory or the delay of an event loop nobody wants a sum. Whoever wants one asks for it: `sum without (worker) (…)`.
 */
export function mergePages(pages: readonly { readonly worker: number; readonly text: string }[]): string {
  const families = new Map<string, Family>();
  for (const { worker, text } of pages) {
    let name = '';
    for (const line of text.split('\n')) {
      if (line === '') continue;
      if (line.startsWith('#')) {
        // `# HELP name …`, `# TYPE name …`: what follows is the metric's until the next one.
        const found = line.split(' ', 3)[2] ?? '';
        const family = familyOf(families, found);
        if (!family.comments.includes(line)) family.comments.push(line);
        name = found;
      } else {
        familyOf(families, name).rows.push(withLabel(line, worker));
      }
    }
  }
  return [...families.values()].flatMap(({ comments, rows }) => [...comments, ...rows, '']).join('\n');
}

function familyOf(families: Map<string, Family>, name: string): Family {
  let family = families.get(name);
  if (family === undefined) families.set(name, (family = { comments: [], rows: [] }));
  return family;
}

/** `a 1` to `a{worker="2"} 1`, `a{b="c"} 1` to `a{worker="2",b="c"} 1`. */
function withLabel(row: string, worker: number): string {
  const brace = row.indexOf('{');
  const space = row.indexOf(' ');
  const label = `worker="${worker}"`;
  if (brace === -1 || (space !== -1 && space < brace)) return `${row.slice(0, space)}{${label}}${row.slice(space)}`;
  return `${row.slice(0, brace + 1)}${label}${row[brace + 1] === '}' ? '' : ','}${row.slice(brace + 1)}`;
}
