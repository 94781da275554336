/** The plugin host, with plans that are right: what is built of them. */
import {
  definePlugin,
  Listener,
  Options,
  pass,
  Store,
  token,
  use,
  type DeliveryStrategy,
  type ListenerInfo,
  type Policy,
} from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';
import { z } from 'zod';
import { settle } from '../fixtures/clock.fixture.js';
import { RecordingDelivery } from '../fixtures/delivery.fixture.js';
import { connect, deliveryOf, everybody, planOf, plugin, stop, verbs } from '../fixtures/plan.fixture.js';
import { createServer } from './create-server.js';
import type { ListenerPlan } from './plan.js';
import type { Server } from './server.js';

const PORT = z.strictObject({ port: z.int(), host: z.string().default('localhost') });

describe('createServer, a plan that is right', () => {
  it('is built, takes mail, and tells who owns what', async () => {
    const delivery = new RecordingDelivery();
    const server = await createServer(planOf({ delivery: deliveryOf(delivery) }));
    await server.start();
    const peer = connect(server);
    const lines = ['EHLO x', 'MAIL FROM:<>', 'RCPT TO:<b@example.org>', 'DATA', 'hi\r\n.', 'QUIT'];
    expect(await peer.codes(...lines)).toEqual([220, 250, 250, 250, 354, 250, 221]);
    expect(delivery.messages).toEqual(['hi\r\n']);
    expect(server.assembly).toMatchObject({
      hostname: 'mx.example.org',
      plugins: [{ plugin: 'logger-silent', path: 'plugins[0]', contributes: ['service Logger'] }],
      listeners: [
        {
          name: 'mx',
          protocol: 'smtp',
          delivery: { name: 'spec', durability: 'memory', transforms: [], parts: [] },
          observers: [],
          transforms: [],
        },
      ],
    });
    const [listener] = server.assembly.listeners;
    expect(listener?.verbs.find(({ verb }) => verb === 'RCPT')).toEqual({
      verb: 'RCPT',
      owner: 'verbs-all',
      phases: ['mail', 'rcpt'],
    });
    expect(listener?.stages.find(({ stage }) => stage === 'rcpt')?.policies).toEqual([
      { name: 'everybody', mode: 'enforce' },
    ]);
    await stop(server);
  });

  it('with no plugin at all greets, and says 500 and 502', async () => {
    const server = await createServer({ hostname: 'mx.example.org', listeners: [{ name: 'mx', plugins: [] }] });
    await server.start();
    const peer = connect(server);
    expect(await peer.heard()).toEqual(['220 mx.example.org ESMTP Mailverb']);
    expect(await peer.send('EHLO x\r\nXYZZY\r\n')).toEqual(['502 command not implemented', '500 command unrecognized']);
    await stop(server);
  });

  it.each<[string, Partial<ListenerPlan>]>([
    ['ESMTP Mailverb', {}],
    ['LMTP Mailverb', { protocol: 'lmtp' }],
    ['ESMTP kept by hand', { greeting: 'ESMTP kept by hand' }],
    ['!', { greeting: '!', protocol: 'lmtp' }],
  ])('greets with %j behind its name', async (text, more) => {
    const server = await createServer({
      hostname: 'mx.example.org',
      listeners: [{ name: 'mx', plugins: [], ...more }],
    });
    await server.start();
    expect(await connect(server).heard()).toEqual([`220 mx.example.org ${text}`]);
    await stop(server);
  });

  it('greets in one line, however long its name and its words may be', async () => {
    const hostname = `${'a.'.repeat(126)}org`;
    const greeting = 'g'.repeat(200);
    const server = await createServer({ hostname, listeners: [{ name: 'mx', plugins: [], greeting }] });
    await server.start();
    expect(await connect(server).heard()).toEqual([`220 ${hostname} ${greeting}`]);
    await stop(server);
  });

  it('gives each instance its own options, and each listener its own facts', async () => {
    const seen: string[] = [];
    @injectable()
    class Named implements Policy {
      constructor(
        @inject(Options) private readonly options: z.output<typeof PORT>,
        @inject(Listener) private readonly listener: ListenerInfo,
      ) {}
      connect() {
        seen.push(`${this.listener.name} ${this.options.host}:${this.options.port}`);
        return pass();
      }
    }
    const named = definePlugin({ name: 'policy-named', options: PORT, register: (c) => c.policy('named', Named) });
    const server = await createServer({
      ...planOf(),
      listeners: [
        { name: 'mx', plugins: [use(named, { port: 1 }), use(named, { port: 2, host: 'b' })] },
        { name: 'other', plugins: [use(named, { port: 3 })] },
      ],
    });
    await server.start();
    connect(server);
    connect(server, 'other');
    await settle();
    expect(seen).toEqual(['mx localhost:1', 'mx b:2', 'other localhost:3']);
    await stop(server);
  });

  it('builds plugins that stand within the options of others, and puts them in their place', async () => {
    const inner = new RecordingDelivery();
    const built: unknown[] = [];
    @injectable()
    class Outer implements DeliveryStrategy {
      readonly durability = 'disk';
      constructor(@inject(Options) options: unknown) {
        built.push(options);
      }
      begin = inner.begin.bind(inner);
    }
    const outer = definePlugin({
      name: 'delivery-outer',
      options: z.strictObject({
        routes: z.array(z.strictObject({ to: z.custom<unknown>() })),
        when: z.custom<unknown>(),
      }),
      nested: { 'routes[].to': 'delivery', when: 'policy' },
      register: (c) => c.delivery('outer', Outer),
    });
    const byHand = new RecordingDelivery();
    const always: Policy = { connect: () => pass() };
    const options = {
      routes: [{ to: deliveryOf(inner) }, { to: byHand }],
      when: plugin('policy-always', (c) => c.policy('always', always)),
    };
    const server = await createServer(planOf({ delivery: use(outer, options) }));
    expect(built).toEqual([{ routes: [{ to: inner }, { to: byHand }], when: always }]);
    expect(server.assembly.listeners[0]?.delivery).toMatchObject({
      name: 'outer',
      durability: 'disk',
      parts: [{ at: 'routes[0].to', delivery: { name: 'spec', durability: 'memory' } }],
    });
  });

  it('puts transforms around the delivery whose entry names them', async () => {
    const delivery = new RecordingDelivery();
    const above = plugin('transform-above', (c) =>
      c.transform('above', { prepend: () => Buffer.from('above: it\r\n') }),
    );
    const server = await createServer(planOf({ delivery: { ...deliveryOf(delivery), transforms: [above] } }));
    await server.start();
    await connect(server).codes('EHLO x', 'MAIL FROM:<>', 'RCPT TO:<b@example.org>', 'DATA', 'hi\r\n.');
    expect(delivery.messages).toEqual(['above: it\r\nhi\r\n']);
    expect(server.assembly.listeners[0]?.delivery?.transforms).toEqual(['above']);
    await stop(server);
  });

  it('lets several servers live in one process, each with its own', async () => {
    const servers = await Promise.all([1, 2].map(() => createServer(planOf())));
    for (const server of servers) await server.start();
    await stop(servers[0] as Server);
    expect(await connect(servers[1] as Server).heard()).toHaveLength(1);
    await stop(servers[1] as Server);
  });
});

describe('createServer, services', () => {
  it('of a listener stand before those of the server, for that listener alone', async () => {
    const seen: unknown[] = [];
    @injectable()
    class Asks implements Policy {
      constructor(@inject(Store) private readonly store: unknown) {}
      connect() {
        seen.push(this.store);
        return pass();
      }
    }
    const asks = plugin('policy-asks', (c) => c.policy('asks', Asks), { needs: [Store] });
    const store = (name: string) => plugin(`store-${name}`, (c) => c.store({ name } as never));
    const server = await createServer({
      ...planOf({}, [store('shared')]),
      listeners: [
        { name: 'mx', plugins: [asks, store('own')] },
        { name: 'other', plugins: [asks] },
      ],
    });
    await server.start();
    connect(server);
    connect(server, 'other');
    await settle();
    expect(seen).toEqual([{ name: 'own' }, { name: 'shared' }]);
    await stop(server);
  });

  it('are built once, whoever injects them', async () => {
    let built = 0;
    const Counter = token<unknown>('spec:Counter');
    @injectable()
    class Counted {
      constructor() {
        built += 1;
      }
    }
    @injectable()
    class Asks implements Policy {
      constructor(@inject(Counter) readonly counter: unknown) {}
      connect = () => pass();
    }
    const asks = plugin('policy-asks', (c) => c.policy('asks', Asks));
    const counter = plugin('service-counter', (c) => c.service(Counter, Counted));
    await createServer(planOf({ plugins: [verbs, everybody, asks, asks, counter] }));
    expect(built).toBe(1);
    await createServer(planOf({ plugins: [verbs, everybody, asks, asks] }, [counter]));
    expect(built).toBe(2);
  });
});
