module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'verb-starttls', rootDir: __dirname };
