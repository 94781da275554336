// Who may import whom: the arrows between the rooms, as a check that fails. `npm run boundaries`; tools/plugin proves that it finds
// what it should.
//
//     protocol <- contract <- shared libraries <- core <- testing <- apps, tools
//                                              <- plugins
//
// A library of the first level (libs/options) is shared, unless it is named below; one of the second (libs/verbs/rcpt) is a plugin. The client, and
// libs/next-hop on top of it, are for plugins and nobody else.
// Rules look at what is imported, by package name or by path, types included.

// Specs, and what only specs import.
const SPEC = '\\.(?:spec|fixture)\\.ts$';
const PLUGIN = '^libs/[^/]+/[^/]+/src/';
const SHARED = '^libs/(?!(?:protocol|contract|core|client|next-hop|testing)/)[^/]+/src/';

const LIBRARIES = ['libs/[^/]+', 'libs/[^/]+/[^/]+'];
const ROOMS = [...LIBRARIES, 'apps/[^/]+', 'tools/[^/]+'];

/** What these files import of this workspace is in one of these places. */
const only = (name, comment, from, ...places) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: SPEC },
  to: { path: '^(?:libs|apps|tools)/', pathNot: places },
});

/** The same for each kind of room; `$1` is where the importing file is at home. */
const perRoom = (name, comment, rooms, to) =>
  rooms.map((room) => ({ name, comment, severity: 'error', from: { path: `^(${room})/src/` }, to }));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    only('protocol-alone', 'The protocol library knows nobody.', '^libs/protocol/', '^libs/protocol/'),
    {
      name: 'protocol-without-node',
      comment: 'The protocol library has no I/O, so it needs nothing of Node.',
      severity: 'error',
      from: { path: '^libs/protocol/src/', pathNot: SPEC },
      to: { dependencyTypes: ['core'] },
    },
    only(
      'contract-on-protocol',
      'The contract knows the protocol and nothing else.',
      '^libs/contract/',
      '^libs/(?:contract|protocol)/',
    ),
    only(
      'shared-on-contract',
      'A shared library knows the contract, the protocol, and shared libraries.',
      SHARED,
      '^libs/(?:contract|protocol)/',
      SHARED,
    ),
    only(
      'core-below-plugins',
      'The core knows no plugin, and no tools for tests.',
      '^libs/core/',
      '^libs/(?:core|contract|protocol)/',
      SHARED,
    ),
    only(
      'client-below-plugins',
      'The client knows no plugin and no core.',
      '^libs/client/',
      '^libs/(?:client|contract|protocol)/',
      SHARED,
    ),
    only(
      'next-hop-on-client',
      'What deliveries that speak SMTP share stands on the client.',
      '^libs/next-hop/',
      '^libs/(?:next-hop|client|contract|protocol)/',
      SHARED,
    ),
    only(
      'testing-below-plugins',
      'The tools for tests know the core and no plugin.',
      '^libs/testing/',
      '^libs/(?:testing|core|client|contract|protocol)/',
      SHARED,
    ),
    only(
      'plugins-by-contract',
      'A plugin knows the contract, the protocol, the client and shared libraries: never the core, never another plugin.',
      '^libs/([^/]+/[^/]+)/src/',
      '^libs/$1/',
      '^libs/(?:contract|protocol|client|next-hop)/',
      SHARED,
    ),
    ...perRoom('plugins-apart', 'No library imports a plugin but itself, its specs neither.', LIBRARIES, {
      path: PLUGIN,
      pathNot: '^$1/',
    }),
    {
      name: 'core-by-testing',
      comment: 'A plugin meets the core in its specs only, and there by way of testing.',
      severity: 'error',
      from: { path: PLUGIN },
      to: { path: '^libs/core/' },
    },
    ...perRoom('apps-are-last', 'No library and no app imports an app.', [...LIBRARIES, 'apps/[^/]+'], {
      path: '^apps/',
      pathNot: '^$1/',
    }),
    ...perRoom('tools-are-last', 'Nobody imports a tool.', ROOMS, { path: '^tools/', pathNot: '^$1/' }),
    ...perRoom(
      'by-the-door',
      'Another library is imported by its name: what its index does not export is its own.',
      ROOMS,
      {
        path: '^libs/',
        pathNot: ['^$1/', '/src/index\\.ts$'],
      },
    ),
    {
      name: 'no-circular',
      comment: 'A cycle of modules ends in "cannot access before initialization". Cycles of types alone do no harm.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment: 'What is imported must be there.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared',
      comment: "What a library imports from npm stands in its own package.json: published, it has nobody else's.",
      severity: 'error',
      from: { path: '^libs/', pathNot: [SPEC, '/jest\\.config\\.cjs$'] },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    exclude: { path: '^(?:libs|apps|tools)/.+/(?:dist|out-tsc|coverage)/' },
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@mailverb/source', 'import', 'require', 'node', 'default'],
      extensions: ['.ts', '.js', '.cjs', '.mjs', '.json'],
    },
  },
};
