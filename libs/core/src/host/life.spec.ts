/** A server's life: started in order, stopped in reverse, whatever fails in between. */
import { Clock, token, type PluginUse } from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';
import { gate, ManualClock, settle } from '../fixtures/clock.fixture.js';
import { RecordingDelivery } from '../fixtures/delivery.fixture.js';
import { End } from '../fixtures/peer.fixture.js';
import { connect, deliveryOf, everybody, planOf, plugin, verbs } from '../fixtures/plan.fixture.js';
import { createServer, StartError } from './create-server.js';

describe('A server', () => {
  /** A plugin whose service says when it is started and stopped. */
  function living(name: string, log: string[], faults: { start?: unknown; stop?: unknown } = {}): PluginUse {
    return plugin(`service-${name}`, (c) => {
      c.service(token(`spec:${name}`), {
        start: () => act(log, `start ${name}`, faults.start),
        stop: () => act(log, `stop ${name}`, faults.stop),
      });
    });
  }

  it('starts in order of dependency, listeners last, and stops in reverse', async () => {
    const log: string[] = [];
    const Inner = token<unknown>('spec:inner');
    @injectable()
    class Outer {
      constructor(@inject(Inner) readonly inner: unknown) {}
      start() {
        log.push('start outer');
      }
      stop() {
        log.push('stop outer');
      }
    }
    const outer = plugin('service-outer', (c) => {
      c.service(token('spec:outer'), Outer);
      c.onStart(() => void log.push('onStart'));
      c.onStop(() => void log.push('onStop'));
    });
    const delivery = Object.assign(new RecordingDelivery(), {
      start: () => void log.push('start delivery'),
      stop: () => settle(1).then(() => void log.push('stop delivery')),
    });
    const server = await createServer(
      planOf({ plugins: [verbs, everybody, outer], delivery: deliveryOf(delivery) }, [living('inner', log)]),
    );
    expect(log).toEqual([]);
    await server.start();
    expect(log.indexOf('start inner')).toBeLessThan(log.indexOf('start outer'));
    expect([...log].sort()).toEqual(['onStart', 'start delivery', 'start inner', 'start outer']);
    const started = log.splice(0).filter((line) => line.startsWith('start '));
    await server.stop();
    const stopped = log.filter((line) => line.startsWith('stop '));
    expect(stopped).toEqual(started.reverse().map((line) => line.replace('start', 'stop')));
    expect(log).toContain('onStop');
  });

  it('that fails to start stops what was started, in reverse, and says whose fault it is', async () => {
    const log: string[] = [];
    const error = Object.assign(new Error('disk full'), { code: 'ENOSPC' });
    const plan = planOf({}, [
      living('one', log),
      living('two', log, { stop: new Error('x') }),
      living('three', log, { start: error }),
      living('four', log),
    ]);
    const server = await createServer(plan);
    const failure = await server.start().catch((reason: unknown) => reason);
    expect(failure).toBeInstanceOf(StartError);
    expect(failure).toMatchObject({ part: 'service spec:three', code: 'ENOSPC', cause: error });
    expect(log).toEqual(['start one', 'start two', 'start three', 'stop two', 'stop one']);
    await server.stop();
    await expect(server.start()).rejects.toThrow('once');
  });

  it('that cannot listen stops what was started', async () => {
    const log: string[] = [];
    const first = await createServer(planOf({ port: 0 }));
    await first.start();
    const [{ port } = { port: 0 }] = first.addresses();
    const second = await createServer(planOf({ port }, [living('one', log)]));
    await expect(second.start()).rejects.toMatchObject({ part: 'listener mx', code: 'EADDRINUSE' });
    expect(log).toEqual(['start one', 'stop one']);
    await first.stop();
  });

  it('that is stopped while it starts does not go on, and stops what it has started', async () => {
    const log: string[] = [];
    const slow = gate<void>();
    const waiting = plugin('service-slow', (c) => c.service(token('spec:slow'), { start: () => slow.promise }));
    const server = await createServer(planOf({ port: 0 }, [living('one', log), waiting, living('two', log)]));
    const starting = server.start();
    const failed = expect(starting).rejects.toThrow('stopped');
    await settle();
    const stopping = server.stop();
    await settle();
    // What is starting is not stopped under its feet.
    expect(log).toEqual(['start one']);
    slow.open();
    await failed;
    await stopping;
    expect(log).toEqual(['start one', 'stop one']);
    expect(server.addresses()).toEqual([]);
  });

  it('takes no session before it is started and after it is stopped', async () => {
    const server = await createServer(planOf());
    expect(() => connect(server)).toThrow('not running');
    await server.start();
    expect(() => server.accept('nobody', End.pair()[0])).toThrow('no listener "nobody"');
    await server.stop();
    expect(() => connect(server)).toThrow('not running');
  });

  it('waits for transactions until its deadline, and stops its parts only then', async () => {
    const log: string[] = [];
    const clock = new ManualClock();
    const delivery = new RecordingDelivery();
    const server = await createServer(
      planOf({ delivery: deliveryOf(delivery) }, [
        plugin('service-clock', (c) => c.service(Clock, clock)),
        living('one', log),
      ]),
    );
    await server.start();
    const peer = connect(server);
    await peer.codes('EHLO x', 'MAIL FROM:<>', 'RCPT TO:<b@example.org>', 'DATA');
    const stopping = server.stop({ deadlineMs: 10_000 });
    expect(server.stop()).toBe(stopping);
    await clock.pass(9_000);
    expect(log).toEqual(['start one']);
    expect(server.sessions).toBe(1);
    await clock.pass(2_000);
    await stopping;
    expect(log).toEqual(['start one', 'stop one']);
    expect(delivery.log.at(-1)).toBe('abort');
    expect(server.sessions).toBe(0);
  });

  it('waits for what deliveries are still doing, but not for ever', async () => {
    for (const comes of [true, false]) {
      const log: string[] = [];
      const clock = new ManualClock();
      const delivery = new RecordingDelivery();
      const aborting = gate<void>();
      delivery.steps = { abort: () => aborting.promise };
      const server = await createServer(
        planOf({ delivery: deliveryOf(delivery) }, [
          plugin('service-clock', (c) => c.service(Clock, clock)),
          living('one', log),
        ]),
      );
      await server.start();
      const peer = connect(server);
      await peer.codes('EHLO x', 'MAIL FROM:<>', 'RCPT TO:<b@example.org>');
      peer.stream.reset();
      await settle();
      const stopping = server.stop();
      await settle();
      expect(log).toEqual(['start one']);
      if (comes) aborting.open();
      else await clock.pass(60_000);
      await stopping;
      expect(log).toEqual(['start one', 'stop one']);
    }
  });

  it('goes on stopping when a part fails to stop', async () => {
    const log: string[] = [];
    const server = await createServer(
      planOf({}, [living('one', log), living('two', log, { stop: new Error('x') }), living('three', log)]),
    );
    await server.start();
    await server.stop();
    expect(log.slice(3)).toEqual(['stop three', 'stop two', 'stop one']);
  });
});

function act(log: string[], line: string, fault: unknown): void {
  log.push(line);
  if (fault !== undefined) throw fault;
}
