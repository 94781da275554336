export default { name: 'policy-ours', register: (contribute) => contribute.policy('ours', {}) };
