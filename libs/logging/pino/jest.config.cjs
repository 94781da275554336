module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'logging-pino', rootDir: __dirname };
