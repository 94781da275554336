/** The outbound side: SMTP and LMTP connections, and pools of them. */
export {};
