module.exports = {
  ...require('../../../jest.preset.cjs'),
  displayName: 'extension-enhancedstatuscodes',
  rootDir: __dirname,
};
