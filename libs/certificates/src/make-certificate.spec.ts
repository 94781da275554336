/** Certificates: what stands in them, and who has signed them. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { makeCertificate } from './make-certificate.js';

const DAY = 86_400_000;

describe('makeCertificate', () => {
  it('is for localhost, signs itself, and has its key', async () => {
    const { cert, key } = await makeCertificate();
    const read = new X509Certificate(cert);
    expect(read.subject).toBe('CN=localhost');
    expect(read.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
    expect(read.ca).toBe(false);
    expect(read.verify(read.publicKey)).toBe(true);
    expect(read.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(Date.parse(read.validTo) - Date.parse(read.validFrom)).toBe(2 * DAY);
  });

  it('has the names, addresses and time that it is told, and the signature of an authority', async () => {
    const authority = await makeCertificate({ commonName: 'us', names: ['ca.example'], authority: true });
    const from = Date.now() - 10 * DAY;
    const { cert } = await makeCertificate({
      names: ['mx.example.org', '*.example.net', '192.0.2.1'],
      emails: ['ann@example.org'],
      commonName: 'ann',
      signedBy: authority,
      from,
      days: 3,
    });
    const [read, by] = [new X509Certificate(cert), new X509Certificate(authority.cert)];
    expect(by.ca).toBe(true);
    expect([read.subject, read.issuer]).toEqual(['CN=ann', 'CN=us']);
    expect(read.verify(by.publicKey)).toBe(true);
    expect(read.subjectAltName).toBe(
      'DNS:mx.example.org, DNS:*.example.net, IP Address:192.0.2.1, email:ann@example.org',
    );
    expect(Math.abs(Date.parse(read.validFrom) - from)).toBeLessThan(1000);
    expect(Date.parse(read.validTo)).toBeLessThan(Date.now());
  });
});
