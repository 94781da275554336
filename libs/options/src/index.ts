/** Option schemas that plugins share, and what goes with them. All are zod schemas; a plugin may use any Standard Schema validator instead. */
export { duration, octets } from './units.js';
export { cidrList, matchesCidr, type CidrList } from './cidr.js';
export { networkOf, ONE_CUSTOMER, type Prefixes } from './network.js';
export { domainList, normalizeDomain, DomainSet } from './domain-list.js';
export { addressList, foldLocal, AddressSet } from './address-list.js';
export { identities, IdentitySet } from './identities.js';
export { nestedDelivery, nestedPolicy } from './nested.js';
