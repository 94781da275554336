module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'extension-xforward', rootDir: __dirname };
