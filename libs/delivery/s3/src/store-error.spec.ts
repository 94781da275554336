import { storeError } from './store-error.js';

const failed = (fields: object): Error => Object.assign(new Error('x'), fields);

describe('storeError', () => {
  it.each<[string, object, string, boolean]>([
    ['no connection', { code: 'ECONNREFUSED', syscall: 'connect' }, 'unreachable', false],
    ['no host', { code: 'ENOTFOUND', syscall: 'getaddrinfo' }, 'unreachable', false],
    ['no connection in time', { name: 'TimeoutError' }, 'unreachable', false],
    ['a connection that was lost', { name: 'TimeoutError', code: 'ECONNRESET', syscall: 'read' }, 'unreachable', true],
    ['a broken pipe', { code: 'EPIPE', syscall: 'write' }, 'unreachable', true],
    ['no credentials', { name: 'CredentialsProviderError' }, 'misconfigured', false],
    ['a 503', { name: 'X', $metadata: { httpStatusCode: 503 } }, 'busy', true],
    ['a 429', { name: 'X', $metadata: { httpStatusCode: 429 } }, 'busy', false],
    ['a 403', { name: 'X', $metadata: { httpStatusCode: 403 } }, 'misconfigured', false],
    ['a 413', { name: 'X', $metadata: { httpStatusCode: 413 } }, 'too-large', false],
    ['a 200 that can not be read', { name: 'X', $metadata: { httpStatusCode: 200 } }, 'refused', true],
  ])('%s', (_what, fields, fault, inDoubt) => {
    expect(storeError(failed(fields), 'PutObject')).toMatchObject({ fault, inDoubt });
  });

  it.each([undefined, null, 'x', 7, {}, { $metadata: 'x' }, { name: 7 }])('of %p is one too', (error) => {
    expect(storeError(error, 'PutObject')).toMatchObject({ fault: 'unreachable', inDoubt: true });
  });

  it('tells little of what the SDK knows', () => {
    const error = failed({
      $response: { headers: { authorization: 'AWS4-HMAC' } },
      StringToSign: 'x',
      message: 'y'.repeat(1000),
    });
    expect(Object.keys(storeError(error, 'PutObject').facts)).toEqual([
      'operation',
      'name',
      'words',
      'status',
      'requestId',
    ]);
    expect(storeError(error, 'PutObject').message.length).toBeLessThan(400);
  });
});
