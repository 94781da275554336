module.exports = { ...require('../../jest.preset.cjs'), displayName: 'smtp-server', rootDir: __dirname };
