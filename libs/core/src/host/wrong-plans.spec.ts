/** The plugin host, with plans that are wrong: everything is told, and where it stands. */
import {
  definePlugin,
  Logger,
  pass,
  token,
  use,
  type Contribute,
  type Plugin,
  type PluginUse,
  type Policy,
} from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';
import { z } from 'zod';
import { RecordingDelivery } from '../fixtures/delivery.fixture.js';
import { deliveryOf, everybody, OK, planOf, plugin, verbs, wrong } from '../fixtures/plan.fixture.js';
import { simple } from '../fixtures/verbs.fixture.js';
import { createServer } from './create-server.js';
import type { ListenerPlan } from './plan.js';

const PORT = z.strictObject({ port: z.int(), host: z.string().default('localhost') });

describe('createServer, a plan that is wrong', () => {
  it('tells everything at once, with paths, what stood there and what was perhaps meant', async () => {
    const port = definePlugin({ name: 'policy-port', options: PORT, register: (c) => c.policy('port', {}) });
    const raw = (options: unknown): PluginUse => ({ plugin: port as Plugin, options });
    const issues = await wrong({
      hostname: 'x',
      plugins: [raw({ port: 1 })],
      listeners: [
        {
          name: 'mx',
          plugins: [raw({ prt: 1 }), { ...raw({ port: 'x' }), path: 'somewhere[3]' }],
          limits: { recipiens: 1 } as never,
        },
        { name: 'mx', plugins: [], timeouts: { idle: '5m' } as never },
      ],
    });
    expect(issues).toEqual([
      expect.stringMatching(/^plugins\[0\]: plugin policy-port belongs to a listener/),
      expect.stringMatching(/^listeners\[0\]\.plugins\[0\]\.port: .*missing/),
      'listeners[0].plugins[0].prt: unknown option; known are port, host; did you mean "port"?',
      expect.stringMatching(/^somewhere\[3\]\.port: .* \(it is "x"\)$/),
      expect.stringMatching(/^listeners\[0\]\.limits\.recipiens: unknown option; .*did you mean "recipients"\?$/),
      expect.stringMatching(/^listeners\[1\]\.timeouts\.idle: unknown option; known are /),
      'listeners[1].name: two listeners have this name (it is "mx")',
    ]);
  });

  it.each<[string, Partial<ListenerPlan>, RegExp]>([
    [
      'options where there are none',
      { plugins: [{ ...verbs, options: { a: 1 } }] },
      /plugins\[0\]\.a: unknown option: there are none here/,
    ],
    ['no delivery', { delivery: undefined }, /^listeners\[0\]\.delivery: a listener that takes mail needs a delivery$/],
    [
      'a delivery that is none',
      { delivery: everybody },
      /delivery: expected one delivery, but plugin policy-everybody contributes none$/,
    ],
    [
      'two deliveries',
      { delivery: plugin('delivery-two', (c) => [1, 2].forEach((n) => c.delivery(`${n}`, new RecordingDelivery()))) },
      /delivery: expected one delivery, but plugin delivery-two contributes 2$/,
    ],
    [
      'verbs that are missing',
      { plugins: [plugin('verb-mail', (c) => c.verb(simple('MAIL', () => ({ reply: OK }))))] },
      /must know EHLO, HELO, RCPT, DATA, RSET, NOOP, QUIT, VRFY too \(RFC 5321 4\.5\.1\)$/,
    ],
    [
      'two owners of a verb',
      { plugins: [verbs, plugin('verb-noop', (c) => c.verb(simple('NOOP', () => ({ reply: OK }))))] },
      /^listeners\[0\]\.plugins\[1\]: verb NOOP has two owners: verbs-all and verb-noop/,
    ],
    [
      'two owners of a keyword',
      {
        plugins: [
          verbs,
          ...['one', 'two'].map((name) => plugin(`extension-${name}`, (c) => c.extension({ keyword: 'SIZE' }))),
        ],
      },
      /plugins\[2\]: EHLO keyword SIZE has two owners: extension-one and extension-two$/,
    ],
    [
      'a verb with an impossible name',
      { plugins: [verbs, plugin('verb-odd', (c) => c.verb(simple('no op', () => ({ reply: OK }))))] },
      /a verb has a name in upper case letters \(it is "no op"\)$/,
    ],
    [
      'less durability than is demanded',
      { minimumDurability: 'disk' },
      /minimumDurability: the delivery's 250 is only as durable as "memory", and "disk" is demanded$/,
    ],
    [
      'bare newlines for another server',
      {
        bareNewlines: 'accept',
        delivery: deliveryOf(Object.assign(new RecordingDelivery(), { durability: 'remote' })),
      },
      /bareNewlines: "accept" is not allowed where the delivery is another server/,
    ],
    ...['', ' ', ' ESMTP', 'ESMTP ', 'ESMTP\r\n220 x', 'a\0b', 'caf\u00e9', 'x'.repeat(201)].map(
      (greeting): [string, Partial<ListenerPlan>, RegExp] => [
        `a greeting like ${JSON.stringify(greeting)}`,
        { greeting },
        /^listeners\[0\]\.greeting: expected (printable ASCII without a space at either end|no more than 200 characters) /,
      ],
    ),
    [
      'a transform that is none',
      { delivery: { ...deliveryOf(new RecordingDelivery()), transforms: [everybody] } },
      /delivery\.transforms\[0\]: expected a transform, but plugin policy-everybody contributes none$/,
    ],
    [
      'a plugin that fails to register',
      {
        plugins: [
          plugin('verb-broken', () => {
            throw new Error('two\n  lines');
          }),
        ],
      },
      /plugins\[0\]: plugin verb-broken failed to register: two lines$/,
    ],
  ])('%s', async (_, listener, expected) => {
    const issues = await wrong(planOf(listener));
    expect(issues).toHaveLength(1);
    expect(issues[0]).toMatch(expected);
  });

  it.each<[string, Partial<ListenerPlan>]>([
    [
      'a verb that is taken over',
      {
        plugins: [
          verbs,
          everybody,
          plugin('verb-noop', (c) => c.verb({ ...simple('NOOP', () => ({ reply: OK })), override: true })),
        ],
      },
    ],
    [
      'remote durability where disk is demanded',
      {
        minimumDurability: 'disk',
        delivery: deliveryOf(Object.assign(new RecordingDelivery(), { durability: 'remote' })),
      },
    ],
    [
      'and the other way round',
      {
        minimumDurability: 'remote',
        delivery: deliveryOf(Object.assign(new RecordingDelivery(), { durability: 'disk' })),
      },
    ],
  ])('is none: %s', async (_, listener) => {
    expect(await wrong(planOf(listener))).toEqual([]);
  });

  it('a service that nobody provides, by manifest and by constructor', async () => {
    const Geo = token<unknown>('spec:Geo');
    @injectable()
    class Needy implements Policy {
      constructor(@inject(Geo) readonly geo: unknown) {}
      connect = () => pass();
    }
    const declared = plugin('policy-declared', (c) => c.policy('declared', {}), { needs: [Geo] });
    const injected = plugin('policy-injected', (c) => c.policy('injected', Needy));
    expect(await wrong(planOf({ plugins: [verbs, declared, injected] }))).toEqual([
      'listeners[0].plugins[1]: plugin policy-declared needs the service spec:Geo, which no plugin provides',
      'listeners[0].plugins[2]: policy injected of plugin policy-injected needs the service spec:Geo, which no plugin provides',
    ]);
    const provider = plugin('service-geo', (c) => c.service(Geo, { here: true }));
    expect(await wrong(planOf({ plugins: [verbs, declared, injected, provider] }))).toEqual([]);
    expect(await wrong(planOf({ plugins: [verbs, declared, injected] }, [provider]))).toEqual([]);
  });

  it('services that need each other', async () => {
    const [A, B] = [token<unknown>('spec:A'), token<unknown>('spec:B')];
    @injectable()
    class NeedsB {
      constructor(@inject(B) readonly b: unknown) {}
    }
    @injectable()
    class NeedsA {
      constructor(@inject(A) readonly a: unknown) {}
    }
    const circle = plugin('service-circle', (c) => {
      c.service(A, NeedsB);
      c.service(B, NeedsA);
    });
    for (const plan of [planOf({ plugins: [verbs, circle] }), planOf({}, [circle])]) {
      const issues = await wrong(plan);
      expect(issues.length).toBeGreaterThan(0);
      for (const issue of issues)
        expect(issue).toMatch(/service spec:(A|B) .*cycle: service spec:(A|B) → service spec:(A|B) → /);
    }
  });

  it('a class that the container cannot build, or that fails', async () => {
    class Plain implements Policy {
      constructor(readonly options: unknown) {}
      connect = () => pass();
    }
    @injectable()
    class Failing implements Policy {
      constructor() {
        throw new Error('no such folder');
      }
    }
    const issues = await wrong(
      planOf({
        plugins: [
          verbs,
          plugin('policy-plain', (c) => c.policy('plain', Plain)),
          plugin('policy-failing', (c) => c.policy('failing', Failing)),
        ],
      }),
    );
    expect(issues).toEqual([
      expect.stringMatching(
        /^listeners\[0\]\.plugins\[1\]: policy plain of plugin policy-plain: its class is not @injectable\(\)/,
      ),
      expect.stringMatching(
        /^listeners\[0\]\.plugins\[2\]: policy failing of plugin policy-failing can't be built: .*no such folder/,
      ),
    ]);
  });

  it('a logger of a listener that cannot be built is one issue, and not a crash', async () => {
    @injectable()
    class Failing {
      constructor() {
        throw new Error('no such file');
      }
    }
    const logger = plugin('logger-failing', (c) => c.service(Logger, Failing as never));
    const issues = await wrong(planOf({ plugins: [verbs, everybody, logger] }));
    expect(issues).toHaveLength(1);
    expect(issues[0]).toMatch(
      /^listeners\[0\]\.plugins\[2\]: service Logger of plugin logger-failing can't be built: .*no such file/,
    );
  });

  it('a validator that throws or rejects is one issue, and not a crash', async () => {
    for (const validate of [() => fail(new Error('bad schema')), () => Promise.reject(new Error('bad schema'))]) {
      const options = { '~standard': { version: 1 as const, vendor: 'spec', validate } };
      const broken = definePlugin({ name: 'policy-broken', options, register: () => {} });
      const issues = await wrong(planOf({ plugins: [verbs, everybody, use(broken as Plugin)] }));
      expect(issues).toHaveLength(1);
      expect(issues[0]).toMatch(/^listeners\[0\]\.plugins\[2\]: .*bad schema/);
    }
  });

  it('what stands within options is told with its own path', async () => {
    const outer = definePlugin({
      name: 'delivery-outer',
      options: z.strictObject({ routes: z.array(z.strictObject({ to: z.custom<unknown>() })) }),
      nested: { 'routes[].to': 'delivery' },
      register: (c) => c.delivery('outer', new RecordingDelivery()),
    });
    const port = definePlugin({
      name: 'delivery-port',
      options: PORT,
      register: (c) => c.delivery('port', new RecordingDelivery()),
    });
    const bad = { plugin: port as Plugin, options: { prot: 25 } };
    const issues = await wrong(
      planOf({
        delivery: { plugin: outer as Plugin, options: { routes: [{ to: bad }, { to: everybody }, { to: 'mbx' }] } },
      }),
    );
    expect(issues).toEqual([
      expect.stringMatching(/^listeners\[0\]\.delivery\.routes\[0\]\.to\.port: .*missing/),
      'listeners[0].delivery.routes[0].to.prot: unknown option; known are port, host; did you mean "port"?',
      'listeners[0].delivery.routes[1].to: expected a delivery, but plugin policy-everybody contributes none',
      'listeners[0].delivery.routes[2].to: expected a delivery (it is "mbx")',
    ]);
  });

  it('nothing can be contributed later', async () => {
    let kept: Contribute | undefined;
    await createServer(planOf({ plugins: [verbs, everybody, plugin('verb-late', (c) => (kept = c))] }));
    expect(() => kept?.verb(simple('XLATE', () => ({ reply: OK })))).toThrow(
      'plugin verb-late contributes after register',
    );
  });
});

function fail(error: unknown): never {
  throw error;
}
