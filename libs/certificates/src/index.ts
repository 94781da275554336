/** Makes X.509 certificates, for development and for tests. */
export { makeCertificate, type CertificateOptions, type MadeCertificate } from './make-certificate.js';
