/** Upstreams for the tests that must know what reached them, or what exactly they answer. */
import { listen } from './listen.mjs';

/**
 * @typedef {object} Recorder
 * @property {string} baseUrl
 * @property {Array<{ method: string, path: string, headers: object, body: string }>} received
 * @property {() => void} stop from now on nothing listens on its port
 */

/**
 * Starts an upstream that keeps every request and answers 200 with a short completion.
 * @returns {Promise<Recorder>}
 */
export async function startRecorder() {
  const received = [];
  const { port, stop } = await listen(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.push({ method: request.method, path: request.url, headers: request.headers, body });
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(COMPLETION));
  });
  return { baseUrl: `http://127.0.0.1:${port}/v1`, received, stop };
}

/**
 * @typedef {object} Script
 * @property {number} requests how many it answered
 * @property {() => void} release lets the chunks after the first go
 */

/**
 * Starts an upstream with an answer of its own for each base URL.
 * @returns {Promise<{
 *   baseUrl: (name: string) => string,
 *   script: (name: string, answer: { status: number, lines?: string[], chunks?: string[] }) => Script,
 * }>}
 */
export async function startScripted() {
  /** @type {Map<string, Script & { answer: any, released: Promise<void> }>} */
  const scripts = new Map();
  const { port } = await listen(async (request, response) => {
    const script = scripts.get(request.url.split('/')[1]);
    script.requests += 1;
    request.resume();
    const { status, lines = [], chunks } = script.answer;
    const fields = lines.flatMap(field);
    if (chunks === undefined) return response.writeHead(status, [...fields, 'Content-Length', '2']).end('{}');
    response.writeHead(status, fields);
    response.write(chunks[0]);
    await script.released;
    chunks.slice(1).forEach((chunk) => response.write(chunk));
    response.end();
  });
  return {
    baseUrl: (name) => `http://127.0.0.1:${port}/${name}/v1`,
    script: (name, answer) => {
      const script = { answer, requests: 0, release: () => {}, released: Promise.resolve() };
      script.released = new Promise((release) => (script.release = release));
      scripts.set(name, script);
      return script;
    },
  };
}

/** Name and value of a header line. */
function field(line) {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

const COMPLETION = {
  id: 'chatcmpl-recorded',
  object: 'chat.completion',
  created: 0,
  model: 'recorder',
  choices: [{ index: 0, message: { role: 'assistant', content: 'recorded' }, finish_reason: 'stop' }],
};
