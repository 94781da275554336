// What every project's jest.config.cjs spreads: tests run from the TypeScript sources, without a build.
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  setupFiles: [require.resolve('reflect-metadata')],
  testEnvironmentOptions: {
    // '@mailverb/source' makes workspace packages resolve to src/; 'import' must stay out (it breaks jest's own CommonJS dependencies).
    customExportConditions: ['@mailverb/source', 'node', 'node-addons', 'require', 'default'],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  // Packages that are ES modules only: Node 20 can't require them within jest.
  transformIgnorePatterns: ['/node_modules/(?!(?:jose|ldapts)/)'],
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
};
