/** HTTP servers of the tests' own. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import { atEnd } from './cleanup.mjs';

/**
 * Serves on a free loopback port until the test file ends, or until `stop`.
 * @param {import('node:http').RequestListener} answer
 * @param {import('./authority.mjs').Authority} [authority] whose certificate it speaks HTTPS with
 * @returns {Promise<{ port: number, stop: () => void }>}
 */
export async function listen(answer, authority) {
  const server = authority
    ? https.createServer({ cert: readFileSync(authority.cert), key: readFileSync(authority.key) }, answer)
    : http.createServer(answer);
  // By itself it closes connections that were idle for five seconds: a call that the gateway sends at that very moment is
  // lost, and rightly 502, as a POST is not sent twice.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  atEnd(stop);
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { port, stop };
}
