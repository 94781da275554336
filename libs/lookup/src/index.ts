/** Tables that plugins look keys up in: in the configuration, in a file, by HTTP. */
export {};
