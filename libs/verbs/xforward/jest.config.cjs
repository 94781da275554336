module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'verb-xforward', rootDir: __dirname };
