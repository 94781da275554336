/** What deliveries that speak SMTP or LMTP share: options of a next hop, its pool, its transaction. */
export {};
