/** The upstream's own CORS headers never get through: llama.cpp echoes whatever Origin it is sent. */
import assert from 'node:assert/strict';
import { request as send } from 'node:http';
import { before, describe, it } from 'node:test';
import { startGateway } from '../lib/gateway.mjs';
import { startLlama } from '../lib/llama.mjs';

const LISTED = 'https://app.example.com';
const UNLISTED = 'https://elsewhere.example';

describe("an upstream's own CORS headers", () => {
  let llama;
  let gateway;
  let project;
  let key;

  before(async () => {
    llama = await startLlama('tiny');
    gateway = await startGateway();
    project = await gateway.manage.createProject();
    key = (await gateway.manage.createKey({ project: project.slug, kind: 'publishable' })).token;
    for (const enforcement of ['server', 'browser']) {
      const cors = { allowedOrigins: [LISTED], enforcement };
      await gateway.manage.createEndpoint(project.id, {
        name: enforcement,
        upstream: { base_url: llama.baseUrl },
        cors,
      });
    }
  });

  /** The names and values of all CORS headers of a streamed answer, in the order of their lines. */
  async function corsLines(base, origin) {
    const { lines } = await post(`${base}/chat/completions`, {
      authorization: `Bearer ${key}`,
      ...(origin && { origin }),
    });
    return lines.filter(([name]) => name.startsWith('access-control-'));
  }

  const base = (name) => `${gateway.url}/${project.id}/${name}/v1`;
  const allowOrigin = (lines) =>
    lines.filter(([name]) => name === 'access-control-allow-origin').map(([, value]) => value);

  it('are there, or the tests below show nothing', async () => {
    assert.deepEqual(allowOrigin(await corsLines(llama.baseUrl, UNLISTED)), [UNLISTED]);
  });

  it('make room for the one of the policy', async () => {
    assert.deepEqual(allowOrigin(await corsLines(base('server'), LISTED)), [LISTED]);
  });

  it('are gone where the origin is not listed and the answer is forwarded', async () => {
    assert.deepEqual(await corsLines(base('browser'), UNLISTED), []);
  });

  it('are gone where there is no Origin', async () => {
    assert.deepEqual(await corsLines(base('server'), null), []);
  });
});

/** Streams a short completion and returns the lines of the answer's head, repeated ones too. */
function post(url, headers) {
  const body = JSON.stringify({
    messages: [{ role: 'user', content: 'hello' }],
    max_tokens: 4,
    stream: true,
  });
  return new Promise((resolve, reject) => {
    const request = send(
      url,
      { method: 'POST', headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        const raw = response.rawHeaders;
        const lines = raw.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), raw[at + 1]]] : []));
        response.on('error', reject);
        response.on('end', () =>
          response.statusCode === 200
            ? resolve({ lines })
            : reject(new Error(`${url} answered ${response.statusCode}`)),
        );
        response.resume();
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
