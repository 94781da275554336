module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'delivery-maildir', rootDir: __dirname };
