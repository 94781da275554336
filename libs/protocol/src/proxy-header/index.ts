/** HAProxy's PROXY protocol: who a connection is for, said before its first octet. */
export { formatProxyHeader, type ProxyHeaderFields, type ProxyHeaderFormat } from './format.js';
export { ProxyHeaderReader, type ProxyHeaderResult } from './reader.js';
export { PROXY_TLV, type ProxyEndpoint, type ProxyHeader, type ProxySsl, type ProxyTlv } from './types.js';
