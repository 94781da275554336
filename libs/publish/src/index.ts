/** What deliveries that publish to a message broker share: envelope and message as one publication. */
export {};
