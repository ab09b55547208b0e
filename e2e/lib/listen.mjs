/** HTTP servers of the tests' own. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { atEnd } from './cleanup.mjs';

/**
 * Serves on a free loopback port until the test file ends, or until `stop`.
 * @param {import('node:http').RequestListener} answer
 * @returns {Promise<{ port: number, stop: () => void }>}
 */
export async function listen(answer) {
  const server = createServer(answer);
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
