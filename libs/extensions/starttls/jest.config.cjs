module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'extension-starttls', rootDir: __dirname };
