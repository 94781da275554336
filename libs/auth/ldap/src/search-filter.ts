/** Whom a search looks for: nothing in a name means anything in its filter (RFC 4515 3, attack A6). */
import { AndFilter, EqualityFilter, Filter, FilterParser } from 'ldapts';

/** Where the name stands in a filter. */
export const NAME = '{name}';

/** The entries of that name: as the filter says it where it says it, or else those with the name as the attribute and the filter beside. */
export function whoIsNamed(name: string, search: { readonly attribute: string; readonly filter?: string }): Filter {
  const { attribute, filter } = search;
  if (filter?.includes(NAME) === true) {
    return FilterParser.parseString(filter.replaceAll(NAME, () => Filter.escape(name)));
  }
  const named = new EqualityFilter({ attribute, value: name });
  return filter === undefined ? named : new AndFilter({ filters: [FilterParser.parseString(filter), named] });
}

/** False for a filter that no search could be made with. */
export function isFilter(filter: string): boolean {
  try {
    FilterParser.parseString(filter);
    return true;
  } catch {
    return false;
  }
}
