/** DNS for plugins: names to addresses, addresses to names, MX and TXT, in bounded time and with a cache. */
export {};
