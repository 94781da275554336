/** GS2 headers (RFC 5801 4) from the client's side: how it binds to the channel, and as whom it wants to act. */

/** A name as it stands between commas (RFC 5802 5.1). */
export function escapeSaslName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}

/** `n,,`, `y,a=boss,`, `p=tls-exporter,,`. */
export function gs2Header(flag: string, authzid: string): string {
  return `${flag},${authzid === '' ? '' : `a=${escapeSaslName(authzid)}`},`;
}
