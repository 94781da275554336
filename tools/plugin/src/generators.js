// @ts-check
/** The generators of generators.json: one for each kind of plugin, all made by library.js. */
const { KINDS } = require('./kinds');
const { generateLibrary } = require('./library');

module.exports = Object.fromEntries(
  [...KINDS].map(([name, kind]) => [
    name,
    /**
     * @param {import('@nx/devkit').Tree} tree
     * @param {import('./library').Options} options
     */
    (tree, options) => generateLibrary(tree, kind, options),
  ]),
);
