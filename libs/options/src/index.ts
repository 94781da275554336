/** Option schemas that plugins share. All are zod schemas; a plugin may use any Standard Schema validator instead. */
export { duration, octets } from './units.js';
export { cidrList, matchesCidr, type CidrList } from './cidr.js';
export { nestedDelivery, nestedPolicy } from './nested.js';
