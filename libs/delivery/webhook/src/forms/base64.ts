/** Base64 (RFC 4648 4) of what comes in pieces, without line ends. */

/** Encodes; what does not fill a group is kept for the next piece. */
export class Base64Encoder {
  private rest: Buffer = Buffer.alloc(0);

  push(bytes: Uint8Array): Uint8Array {
    const all = this.rest.length === 0 ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) : this.joined(bytes);
    const whole = all.length - (all.length % 3);
    // A copy: what is pushed may change when the next piece comes.
    this.rest = Buffer.from(all.subarray(whole));
    return encoded(all.subarray(0, whole));
  }

  end(): Uint8Array {
    const last = encoded(this.rest);
    this.rest = Buffer.alloc(0);
    return last;
  }

  private joined(bytes: Uint8Array): Buffer {
    return Buffer.concat([this.rest, bytes]);
  }
}

function encoded(bytes: Buffer): Uint8Array {
  return Buffer.from(bytes.toString('base64'), 'latin1');
}
