module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'extension-xclient', rootDir: __dirname };
