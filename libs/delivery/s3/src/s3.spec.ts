import { contributionsOf, describeDelivery } from '@mailverb/testing';
import { S3Delivery, s3Plugin } from './index.js';
import { scene } from './s3.fixture.js';

const SMALL = { partSize: 50_000 };

describeDelivery('s3', () => scene());
describeDelivery('s3 in parts', () => scene({ envelope: 'metadata', checksum: 'sha256' }, SMALL));
describeDelivery('s3 in parts as they come', () => scene({ hold: false }, SMALL));

it('is contributed by its manifest, and by nothing else', () => {
  expect(contributionsOf(s3Plugin)).toEqual([{ kind: 'delivery', name: 's3', value: S3Delivery }]);
});
