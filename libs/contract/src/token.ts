/**
 * Tokens: the typed keys of dependency injection.
 *
 * A token is a `Symbol.for`, so that two installed copies of this package agree on it, and it carries the type of what it
 * stands for. Every constructor parameter of a plugin's class says `@inject(Token)`; nothing is injected by class identity
 * across packages and nothing depends on emitted decorator metadata.
 */
declare const carries: unique symbol;

/** A key under which a `T` can be injected. */
export type Token<T> = symbol & { readonly [carries]?: T };

/** The type a token stands for. */
export type TokenType<K> = K extends Token<infer T> ? T : never;

/**
 * Makes a token, or gives the one already made under this name.
 * @param name stable and unique; write it with your package's name: `my-plugin:Geo`.
 */
export function token<T>(name: string): Token<T> {
  return Symbol.for(`mailverb:${name}`) as Token<T>;
}

/** The plugin instance's own validated options. The type is yours: `@inject(Options) options: MaildirOptions`. */
export const Options = token<unknown>('Options');

/** The name of a token as people see it in messages. */
export function tokenName(key: Token<unknown>): string {
  return (key.description ?? '').replace(/^mailverb:/, '');
}
