// Composes a message with text, HTML, an inline picture and an attachment, and sends it. Arguments: port, file to attach, recipients.
import { createTransport } from 'nodemailer';

const [port, path, ...to] = process.argv.slice(2);
const transport = createTransport({ host: '127.0.0.1', port: Number(port), ignoreTLS: true });
const sent = await transport.sendMail({
  envelope: { from: 'bounces@example.net', to },
  from: { name: 'Jörg Müller', address: 'joerg@example.net' },
  to: { name: '東京, "Ann"', address: 'ann@example.org' },
  subject: 'Grüße aus Köln 😀',
  text: 'Grüße!\n\n.\nAnn',
  html: '<p>Grüße! <img src="cid:logo@example.net"></p>',
  attachments: [
    { path, filename: 'résumé "final".pdf', contentType: 'application/pdf' },
    { content: Buffer.from('89504e470d0a1a0a', 'hex'), filename: 'logo.png', cid: 'logo@example.net' },
  ],
});
process.stdout.write(JSON.stringify(sent.rejected));
