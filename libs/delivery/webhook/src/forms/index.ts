/** The forms by their names. */
import type { WebhookOptions } from '../webhook.options.js';
import { mailgunForm, mailgunMimeForm } from './mailgun.js';
import { parsedPayload } from './parsed.js';
import type { Form, FormOptions, Payload, Posting } from './payload.js';
import { postmarkPayload } from './postmark.js';
import { rawPayload } from './raw.js';
import { sendgridPayload, sendgridRawPayload } from './sendgrid.js';

/** The form that is asked for, with its options. */
export function formOf(options: WebhookOptions): (posting: Posting) => Promise<Payload> {
  const { maxParts, maxDepth, maxHeaderSize, maxTextSize, includeRaw, envelopeIn } = options;
  const form = named(options);
  const formOptions: FormOptions = {
    limits: { maxParts, maxDepth, maxHeaderSize, maxTextSize },
    includeRaw,
    envelopeIn,
  };
  return async (posting) => form(posting, formOptions);
}

function named({ form, mailgunKey = '' }: WebhookOptions): Form {
  switch (form) {
    case 'raw':
      return rawPayload;
    case 'parsed':
      return parsedPayload;
    case 'postmark':
      return postmarkPayload;
    case 'sendgrid':
      return sendgridPayload;
    case 'sendgrid-raw':
      return sendgridRawPayload;
    case 'mailgun':
      return mailgunForm(mailgunKey);
    case 'mailgun-mime':
      return mailgunMimeForm(mailgunKey);
  }
}
