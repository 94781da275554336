/** nginx as a mail proxy: one worker, and the HTTP service that it asks for the server behind (answered from here, so not in its CPU time). */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Contender, ContenderName } from './contenders.js';
import { freePort, startForeign } from './foreign.js';

const NGINX = '/usr/sbin/nginx';
const MODULE = '/usr/lib/nginx/modules/ngx_mail_module.so';

export async function startNginx(name: ContenderName, upstream: number): Promise<Contender | string> {
  if (!existsSync(NGINX) || !existsSync(MODULE)) return "Debian's nginx and libnginx-mod-mail are not installed";
  const folder = mkdtempSync(join(tmpdir(), 'mailverb-bench-nginx-'));
  const oracle = createServer((_, response) => {
    response.writeHead(200, { 'Auth-Status': 'OK', 'Auth-Server': '127.0.0.1', 'Auth-Port': String(upstream) });
    response.end();
  });
  oracle.listen(0, '127.0.0.1');
  await once(oracle, 'listening');
  const { port: asked } = oracle.address() as AddressInfo;
  const port = await freePort();
  writeFileSync(
    join(folder, 'nginx.conf'),
    `load_module ${MODULE};
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log /dev/null crit;
events { worker_connections 4096; }
mail {
  server_name mx.example.org;
  auth_http 127.0.0.1:${asked}/;
  proxy_pass_error_message on;
  server { listen 127.0.0.1:${port}; protocol smtp; smtp_auth none; xclient off; proxy on; }
}
`,
  );
  const onStop = () => {
    oracle.close();
    oracle.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  };
  return startForeign(name, [NGINX, '-c', join(folder, 'nginx.conf'), '-p', folder], port, { cwd: folder, onStop });
}
