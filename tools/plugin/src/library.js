// @ts-check
/**
 * Makes a library of the one shape: the common files, those of its kind, and its place in the root's tsconfig.json and workspaces.
 * What it makes builds and passes its tests as it is; it is an example to be replaced, not a skeleton to be filled.
 */
const {
  formatFiles,
  generateFiles,
  installPackagesTask,
  names,
  offsetFromRoot,
  readJson,
  readJsonFile,
  updateJson,
} = require('@nx/devkit');
const { join, posix } = require('node:path');

/**
 * As schema.json describes them.
 * @typedef {object} Options
 * @property {string} name
 * @property {string} [directory]
 * @property {string} [scope]
 * @property {boolean} [skipInstall]
 */

/** The version that all libraries of the workspace pin. */
const ZOD = '4.6.7';

/**
 * @param {import('@nx/devkit').Tree} tree
 * @param {import('./kinds').Kind} kind
 * @param {Options} options
 */
async function generateLibrary(tree, kind, options) {
  const { name, scope = 'mailverb', skipInstall = false } = options;
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name)) {
    throw new Error(`"${name}" is no name for a plugin: lower case letters, digits and hyphens, a letter first`);
  }
  const folder = folderOf(kind, options);
  if (tree.exists(folder)) throw new Error(`${folder} is there already`);

  const substitutions = describe(tree, kind, name, scope.replace(/^@/, ''), folder);
  for (const files of ['common', kind.kind]) {
    generateFiles(tree, join(__dirname, 'files', files), folder, substitutions);
  }
  addToSolution(tree, folder);
  addToWorkspaces(tree, folder);
  await formatFiles(tree);
  return () => {
    if (!skipInstall) installPackagesTask(tree);
  };
}

/**
 * @param {import('./kinds').Kind} kind
 * @param {Options} options
 */
function folderOf(kind, { name, directory }) {
  const folder = posix.normalize((directory ?? `${kind.folder}/${name}`).replaceAll('\\', '/')).replace(/\/+$/, '');
  if (folder === '.' || folder.startsWith('..') || folder.startsWith('/')) {
    throw new Error(`${folder} is not a folder within the workspace`);
  }
  return folder;
}

/**
 * What the templates put in.
 * @param {import('@nx/devkit').Tree} tree
 * @param {import('./kinds').Kind} kind
 * @param {string} name
 * @param {string} scope
 * @param {string} folder
 */
function describe(tree, kind, name, scope, folder) {
  const { className: word, propertyName: property } = names(name);
  const called = { name, word, upper: name.toUpperCase() };
  const here = kind.libraries.map((library) => `@mailverb/${library}`);
  const version = versionOf(tree);
  return {
    ...called,
    property,
    kind: kind.kind,
    room: posix.basename(kind.folder),
    suffix: kind.suffix,
    className: `${word}${names(kind.suffix).className}`,
    pluginName: `${kind.prefix}-${name}`,
    packageName: `@${scope}/${kind.prefix}-${name}`,
    title: kind.title(called),
    does: kind.does(called),
    contribution: kind.contribution(called),
    version,
    dependencies: JSON.stringify({ ...Object.fromEntries(here.map((one) => [one, version])), zod: ZOD }),
    references: JSON.stringify(referencesOf(tree, kind, folder)),
    // `../../..`, as the libraries have it.
    root: offsetFromRoot(folder).replace(/\/$/, ''),
  };
}

/**
 * The range in which the libraries here are compatible.
 * @param {import('@nx/devkit').Tree} tree
 */
function versionOf(tree) {
  const contract = 'libs/contract/package.json';
  /** @type {{ version: string }} */
  const { version } = tree.exists(contract)
    ? readJson(tree, contract)
    : readJsonFile(join(__dirname, '../package.json'));
  return `^${version}`;
}

/**
 * The projects that it is built after: those of its imports that stand in this workspace.
 * @param {import('@nx/devkit').Tree} tree
 * @param {import('./kinds').Kind} kind
 * @param {string} folder
 */
function referencesOf(tree, kind, folder) {
  return [...kind.libraries, 'testing', 'contract']
    .map((library) => `libs/${library}/tsconfig.lib.json`)
    .filter((project) => tree.exists(project))
    .map((project) => ({ path: posix.relative(folder, project) }));
}

/**
 * @param {import('@nx/devkit').Tree} tree
 * @param {string} folder
 */
function addToSolution(tree, folder) {
  if (!tree.exists('tsconfig.json')) return;
  updateJson(tree, 'tsconfig.json', (/** @type {{ references?: { path: string }[] }} */ solution) => {
    const references = [...(solution.references ?? []), { path: `./${folder}` }];
    references.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    return { ...solution, references };
  });
}

/**
 * @param {import('@nx/devkit').Tree} tree
 * @param {string} folder
 */
function addToWorkspaces(tree, folder) {
  updateJson(tree, 'package.json', (/** @type {{ workspaces?: string[] }} */ root) => {
    const workspaces = root.workspaces ?? [];
    const known = workspaces.some((pattern) => isUnder(folder, pattern));
    return known ? root : { ...root, workspaces: [...workspaces, folder] };
  });
}

/**
 * True if a pattern such as `libs/*` names the folder.
 * @param {string} folder
 * @param {string} pattern
 */
function isUnder(folder, pattern) {
  const steps = folder.split('/');
  const parts = pattern.split('/');
  return steps.length === parts.length && parts.every((part, i) => part === '*' || part === steps[i]);
}

module.exports = { generateLibrary };
