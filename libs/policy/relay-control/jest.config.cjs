module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'policy-relay-control', rootDir: __dirname };
