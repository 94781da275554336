module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'proxy-smtp', rootDir: __dirname };
