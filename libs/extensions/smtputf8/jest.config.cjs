module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'extension-smtputf8', rootDir: __dirname };
