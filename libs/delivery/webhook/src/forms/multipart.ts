/**
 * multipart/form-data (RFC 7578), streamed. Names of fields are ours; names of files come from messages and are escaped as browsers do it, so
 * that none ends its quotes or its line (attack A6). The boundary is random: no message can hold it.
 */
import { randomBytes } from 'node:crypto';

/** Makes the parts of one body. */
export class Multipart {
  private readonly boundary = `mailverb-${randomBytes(18).toString('hex')}`;

  get contentType(): string {
    return `multipart/form-data; boundary=${this.boundary}`;
  }

  /** A whole field of text. */
  field(name: string, value: string): Uint8Array {
    return Buffer.from(`--${this.boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`);
  }

  /** What stands before the octets of a field without a file name. */
  openField(name: string): Uint8Array {
    return Buffer.from(`--${this.boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`);
  }

  /** What stands before the octets of a file. @param contentType of token characters. */
  openFile(name: string, filename: string, contentType: string): Uint8Array {
    return Buffer.from(
      `--${this.boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${escapeFilename(filename)}"\r\n` +
        `Content-Type: ${contentType}\r\n\r\n`,
    );
  }

  /** What stands behind the octets of a field or a file. */
  close(): Uint8Array {
    return Buffer.from('\r\n');
  }

  /** The end of the body. */
  end(): Uint8Array {
    return Buffer.from(`--${this.boundary}--\r\n`);
  }
}

function escapeFilename(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
