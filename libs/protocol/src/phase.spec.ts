import { PHASES, PHASE_TABLE } from './phase.js';

describe('PHASE_TABLE', () => {
  // Written a second time, by hand: a change of the table must be meant. The columns are the phases in their order.
  const TABLE = `
             connected greeted mail rcpt bdat  ends-batch
    HELO     yes       yes     yes  yes  yes   yes
    EHLO     yes       yes     yes  yes  yes   yes
    LHLO     yes       yes     yes  yes  yes   yes
    MAIL     no        yes     no   no   no    no
    RCPT     no        no      yes  yes  no    no
    DATA     no        no      no   yes  no    yes
    BDAT     yes       yes     yes  yes  yes   no
    RSET     yes       yes     yes  yes  yes   no
    NOOP     yes       yes     yes  yes  yes   no
    VRFY     yes       yes     yes  yes  no    no
    EXPN     yes       yes     yes  yes  no    no
    HELP     yes       yes     yes  yes  yes   no
    QUIT     yes       yes     yes  yes  yes   no
    STARTTLS no        yes     no   no   no    yes
    AUTH     no        yes     no   no   no    yes
    XCLIENT  yes       yes     no   no   no    yes
    XFORWARD no        yes     no   no   no    no
  `;
  const [head = [], ...rows] = TABLE.trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));

  it('knows the phases in the order of a session', () => {
    expect([...PHASES, 'ends-batch']).toEqual(head);
  });

  it('has a row for each verb that is known', () => {
    expect(Object.keys(PHASE_TABLE)).toEqual(rows.map(([verb]) => verb));
  });

  it.each(Object.entries(PHASE_TABLE))('%s is legal where it should be', (verb, { phases, endsBatch }) => {
    const legal = PHASES.map((phase) => ((phases as readonly string[]).includes(phase) ? 'yes' : 'no'));
    expect([verb, ...legal, endsBatch ? 'yes' : 'no']).toEqual(rows.find(([name]) => name === verb));
  });

  it('names each phase once in a row', () => {
    for (const { phases } of Object.values(PHASE_TABLE)) expect(new Set(phases).size).toBe(phases.length);
  });
});
