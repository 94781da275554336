/** Our end of a connection. */

export interface LocalEnd {
  /** Empty on a unix socket. */
  readonly address: string;
  readonly port: number;
}
