import { mergePages } from './page.js';

const page = (open: number, more = '') => `# HELP sessions_open Open.
# TYPE sessions_open gauge
sessions_open{listener="mx"} ${open}

# HELP uptime Time.
# TYPE uptime counter
uptime ${open}.5
${more}`;

describe('pages of several processes', () => {
  it('become one, in which each metric stands once and each row says whose it is', () => {
    expect(
      mergePages([
        { worker: 1, text: page(3) },
        { worker: 2, text: page(4, '# TYPE only gauge\nonly{} 1\n') },
      ]),
    ).toBe(
      `# HELP sessions_open Open.
# TYPE sessions_open gauge
sessions_open{worker="1",listener="mx"} 3
sessions_open{worker="2",listener="mx"} 4

# HELP uptime Time.
# TYPE uptime counter
uptime{worker="1"} 3.5
uptime{worker="2"} 4.5

# TYPE only gauge
only{worker="2"} 1
`,
    );
  });

  it('may have anything in the values of labels', () => {
    expect(mergePages([{ worker: 1, text: 'a{b="x y} {z\\"# "} 1\n' }])).toBe('a{worker="1",b="x y} {z\\"# "} 1\n');
  });

  it('may be none', () => expect(mergePages([])).toBe(''));
});
