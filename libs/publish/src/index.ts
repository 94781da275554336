/** What deliveries that publish to a message broker share: envelope and message as one publication. */
export { BrokerLink, type BrokerConnection, type Dial } from './broker-link.js';
export { FORMAT_VERSION, type EnvelopeForm } from './envelope-headers.js';
export { PublishError, type Publication, type PublishFault, type Publisher } from './publication.js';
export { linkShape, publishShape, type LinkOptions, type PublishOptions } from './publish.options.js';
export { PublishingDelivery, type Publishing } from './publishing.delivery.js';
export { LONGEST_TARGET, TargetTemplate, targetTemplate, type TargetFacts } from './target-template.js';
