import { wantsColour } from './colour.js';
import { LOG_LEVELS, reaches } from './levels.js';

describe('reaches', () => {
  it('is true from the chosen level on', () => {
    expect(LOG_LEVELS.filter((level) => reaches(level, 'warn'))).toEqual(['warn', 'error', 'fatal']);
    expect(LOG_LEVELS.filter((level) => reaches(level, 'trace'))).toEqual([...LOG_LEVELS]);
    expect(LOG_LEVELS.filter((level) => reaches(level, 'silent'))).toEqual([]);
  });
});

const mockTerminal = { is: true };
jest.mock('node:tty', () => ({ isatty: () => mockTerminal.is }));

describe('wantsColour', () => {
  it.each([
    [true, {}, true],
    [true, { NO_COLOR: '' }, true],
    [true, { NO_COLOR: '1' }, false],
    [false, {}, false],
  ])('terminal %s, environment %j: %s', (terminal, environment, wanted) => {
    mockTerminal.is = terminal;
    expect(wantsColour(1, environment)).toBe(wanted);
  });
});
