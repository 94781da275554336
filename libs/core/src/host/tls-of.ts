/** A listener's TLS from its plan: what can't be used is an issue with the path of the key that named it. */
import { Credentials, CredentialsError } from '../tls/credentials.js';
import type { TlsSettings } from '../tls/secured.js';
import type { Issue, TlsPlan } from './plan.js';
import { join } from './validate.js';

/** @param name of the listener. Undefined, with an issue, if there can be no TLS by this plan. */
export function tlsOf(plan: TlsPlan, name: string, path: string, issues: Issue[]): TlsSettings | undefined {
  const { mode, clientCertificates = 'none', clientAuthorities } = plan;
  if (clientCertificates !== 'none' && clientAuthorities === undefined) {
    issues.push({
      path: join(path, ['clientAuthorities']),
      message: `missing: clientCertificates "${clientCertificates}" needs a file of those who sign them`,
    });
    return undefined;
  }
  try {
    return { mode, clientCertificates, credentials: new Credentials(plan, name) };
  } catch (error) {
    if (!(error instanceof CredentialsError)) throw error;
    const { file, keys, message } = error;
    issues.push({ path: placeOf(plan, keys, path), message, ...(file === undefined ? {} : { value: file }) });
    return undefined;
  }
}

/** A certificate may stand elsewhere in the configuration than in the plan. */
function placeOf({ certificates }: TlsPlan, keys: CredentialsError['keys'], path: string): string {
  const [list, index, ...rest] = keys;
  const certificate = list === 'certificates' && typeof index === 'number' ? certificates[index] : undefined;
  return certificate?.configPath === undefined ? join(path, keys) : join(certificate.configPath, rest);
}
