module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'delivery-s3', rootDir: __dirname };
