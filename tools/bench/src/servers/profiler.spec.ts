import { sumUp } from './profiler.js';

const frame = (functionName: string, url: string, lineNumber = 9) => ({
  functionName,
  url,
  lineNumber,
  scriptId: '1',
  columnNumber: 0,
});

it('sums up own time by function, from wherever it was called, and leaves out waiting', () => {
  const rows = sumUp({
    nodes: [
      { id: 1, callFrame: frame('(idle)', '') },
      { id: 2, callFrame: frame('read', 'file:///x/libs/protocol/dist/line.js') },
      { id: 3, callFrame: frame('read', 'file:///x/libs/protocol/dist/line.js') },
      { id: 4, callFrame: frame('(garbage collector)', '') },
    ],
    samples: [1, 2, 3, 4, 1],
    timeDeltas: [500, 20, 10, 10, 500],
    startTime: 0,
    endTime: 1040,
  });
  expect(rows).toEqual([
    { what: 'read libs/protocol/dist/line.js:10', share: 0.75 },
    { what: '(garbage collector)', share: 0.25 },
  ]);
});
