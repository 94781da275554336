export const one = { name: 'one', register() {} };
export const two = { name: 'two', register() {} };
