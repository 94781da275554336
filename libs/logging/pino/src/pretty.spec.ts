import { prettyLine } from './pretty.js';

const record = (fields: object) =>
  JSON.stringify({ level: 'info', time: '2026-01-01T00:00:00.000Z', msg: 'm', ...fields });

describe('prettyLine', () => {
  it('has no colours where none are wanted', () => {
    expect(prettyLine(false)(record({}))).toMatch(/^\[\d\d:\d\d:\d\d\.000\] INFO: m\n$/);
  });

  it('has colours, and no other escape sequence, on a terminal (attack A6)', () => {
    const hostile = 'a\x1b[2J\x1b[31mb\x9b31m\u2028\r\n';
    const line = prettyLine(true)(
      record({ msg: hostile, name: hostile, caller: hostile, [hostile]: hostile, deep: { [hostile]: hostile } }),
    );
    expect(line).toContain('\x1b[32mINFO\x1b[39m');
    // oxlint-disable-next-line no-control-regex
    expect(line).not.toMatch(/\x1b(?!\[(32|36|39|90)m)|[\x00-\x09\x0b-\x1a\x7f-\x9f\u2028]|\n./);
  });

  it('keeps even what pino-pretty would spread over lines in one', () => {
    const line = prettyLine(false)(record({ type: 'Error', stack: 'a\nb', err: { message: 'x', stack: 'a\nb' } }));
    expect(line.indexOf('\n')).toBe(line.length - 1);
  });
});
