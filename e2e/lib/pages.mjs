/** Web sites on loopback origins, all with the same page: page/page.mjs, bundled with the OpenAI SDK. */
import { resolve } from 'node:path';
import { build } from 'esbuild';
import { listen } from './listen.mjs';

const SOURCE = resolve(import.meta.dirname, '../page/page.mjs');
const HTML =
  '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>a page</title><script src="/page.js"></script>';

/** The path at which the page is sandboxed, so that its origin is `null`. */
export const SANDBOXED = '/sandboxed';

/** The releases of the `openai` package that a page can be built with: the current one, and the one before it. */
export const SDKS = /** @type {const} */ (['openai', 'openai-6']);

/**
 * Starts a site on a free port.
 * @param {'localhost' | '127.0.0.1'} host sites of different hosts are of different sites too, not only origins
 * @param {typeof SDKS[number]} [sdk]
 * @returns {Promise<string>} its origin
 */
export async function startSite(host = 'localhost', sdk = 'openai') {
  const script = await pageScript(sdk);
  const { port } = await listen((request, response) => {
    const isScript = request.url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript; charset=utf-8' : 'text/html');
    if (request.url === SANDBOXED) response.setHeader('content-security-policy', 'sandbox allow-scripts');
    response.end(isScript ? script : HTML);
  });
  return `http://${host}:${port}`;
}

/** The page's script, with its SDK. */
async function pageScript(sdk) {
  const { outputFiles } = await build({
    entryPoints: [SOURCE],
    alias: { openai: sdk },
    bundle: true,
    write: false,
    platform: 'browser',
    logLevel: 'error',
  });
  return outputFiles[0].text;
}
