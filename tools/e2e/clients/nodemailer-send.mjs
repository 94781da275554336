// Sends each file with nodemailer, as raw messages through a pool: one connection, many messages.
// usage: nodemailer-send.mjs PORT FILE...
import { readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';

const [port, ...files] = process.argv.slice(2);
const transport = createTransport({
  host: '127.0.0.1',
  port: Number(port),
  name: 'nodemailer.example.net',
  pool: true,
  maxConnections: 1,
  ignoreTLS: true,
});
for (const file of files) {
  await transport.sendMail({
    envelope: { from: 'me@example.net', to: ['you@example.org'] },
    raw: readFileSync(file),
  });
}
transport.close();
