const policy = (name) => ({ name, register: (contribute) => contribute.policy(name, {}) });
export default [policy('one'), policy('two')];
