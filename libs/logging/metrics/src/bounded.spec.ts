import { Counter, Registry } from 'prom-client';
import { BoundedCounter } from './bounded.js';

describe('a counter of bounded rows (attack A13)', () => {
  const registry = new Registry();
  const inner = new Counter({ name: 'x', help: 'x', labelNames: ['a', 'b'], registers: [registry] });
  const counter = new BoundedCounter(inner, 2);

  it('counts what comes after the last row as other, and goes on with the rows it has', async () => {
    for (let i = 0; i < 2000; i++) counter.add([`v${i}`, 'b']);
    counter.add(['v0', 'b'], 5);
    const rows = (await registry.metrics()).split('\n').filter((line) => line.startsWith('x{'));
    expect(rows.length).toBe(501);
    expect(rows).toContain('x{a="v0",b="b"} 6');
    expect(rows).toContain('x{a="other",b="other"} 1500');
  });
});
