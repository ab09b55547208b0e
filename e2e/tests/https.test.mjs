/** Over TLS, as the usual clients speak it: curl, nghttp, h2load, and pages in both browsers. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { makeAuthority } from '../lib/authority.mjs';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { startLlama } from '../lib/llama.mjs';
import { startSite } from '../lib/pages.mjs';
import { run, which } from '../lib/process.mjs';
import { startRecorder } from '../lib/upstream.mjs';

const TOKENS = 24;
const REQUESTS = 3000;

/** One authority for the whole file; made at first use, when the tests run. */
let made;
const authority = () => (made ??= makeAuthority());

/** A gateway with an endpoint `chat` on a real model, and the keys to it. */
async function furnished(tls, allowedOrigins = []) {
  const gateway = await startGateway(tls);
  const llama = await startLlama('tiny');
  const project = await gateway.manage.createProject();
  const endpoint = await gateway.manage.createEndpoint(project.id, {
    name: 'chat',
    upstream: { base_url: llama.baseUrl },
    cors: { allowedOrigins },
  });
  const key = async (kind) => (await gateway.manage.createKey({ project: project.slug, kind })).token;
  const request = { model: llama.model, messages: [{ role: 'user', content: 'hello' }], max_tokens: TOKENS };
  return {
    gateway,
    project,
    request,
    baseURL: gateway.url.replace('127.0.0.1', 'localhost') + endpoint.url,
    secret: await key('secret'),
    publishable: await key('publishable'),
  };
}

describe('curl', () => {
  let plain;
  let secured;
  let ca;

  before(async () => {
    const tls = await authority();
    ca = tls.ca;
    [plain, secured] = [await furnished(undefined), await furnished(tls)];
  });

  /** Streams a completion; what curl says of the connection stands behind it. */
  function stream({ baseURL, secret, request }, ...flags) {
    const told = '\n%{response_code} %{http_version}';
    const always = ['--silent', '--show-error', '--no-buffer', '--write-out', told];
    const headers = ['--header', `authorization: Bearer ${secret}`, '--header', 'content-type: application/json'];
    const body = ['--data', JSON.stringify({ ...request, stream: true })];
    return run(which('curl'), [...always, ...flags, ...headers, ...body, `${baseURL}/chat/completions`]);
  }

  function assertWhole(answer, version) {
    const lines = answer.trimEnd().split('\n');
    assert.equal(lines.at(-1), `200 ${version}`, answer);
    const data = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice('data: '.length));
    assert.equal(data.at(-1), '[DONE]');
    const pieces = data.slice(0, -1).flatMap((event) => JSON.parse(event).choices);
    assert.equal(pieces.filter(({ delta }) => delta.content).length, TOKENS);
  }

  const PLAIN = { '--http1.1': '1.1', '--http2': '1.1', '--http2-prior-knowledge': '2' };
  for (const [flag, version] of Object.entries(PLAIN)) {
    it(`streams with ${flag}`, async () => assertWhole(await stream(plain, flag), version));
  }

  for (const [flag, version] of Object.entries({ '--http1.1': '1.1', '--http2': '2' })) {
    for (const tls of ['1.2', '1.3']) {
      it(`streams over TLS ${tls} with ${flag}`, async () => {
        const exactly = [`--tlsv${tls}`, '--tls-max', tls];
        assertWhole(await stream(secured, '--cacert', ca, ...exactly, flag), version);
      });
    }
  }

  it('does not believe a stranger', async () => {
    // 60: the certificate cannot be verified.
    await assert.rejects(stream(secured), /exit code 60/);
  });
});

describe('nghttp and h2load', () => {
  let url;
  let header;
  let env;

  before(async () => {
    const tls = await authority();
    const gateway = await startGateway(tls);
    const { baseUrl } = await startRecorder();
    const project = await gateway.manage.createProject();
    const endpoint = { name: 'chat', upstream: { base_url: baseUrl } };
    const { url: path } = await gateway.manage.createEndpoint(project.id, endpoint);
    const { token } = await gateway.manage.createKey({ project: project.slug, kind: 'secret' });
    url = `${gateway.url}${path}/models`;
    header = `authorization: Bearer ${token}`;
    env = { ...process.env, SSL_CERT_FILE: tls.ca };
  });

  it('agree on HTTP/2', async () => {
    const told = await run(which('nghttp'), ['--null-out', '--verbose', '--header', header, url], env);
    assert.match(told, /The negotiated protocol: h2/);
    assert.match(told, /:status: 200/);
  });

  it(`send ${REQUESTS} requests, and all succeed`, async () => {
    const load = ['--requests', `${REQUESTS}`, '--clients', '8', '--max-concurrent-streams', '50'];
    const told = await run(which('h2load'), [...load, '--header', header, url], env);
    assert.match(told, /Application protocol: h2/);
    assert.match(told, new RegExp(`${REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout`), told);
    assert.match(told, new RegExp(`status codes: ${REQUESTS} 2xx`), told);
  });
});

describe('a page', () => {
  let site;
  let chat;

  before(async () => {
    site = await startSite();
    chat = await furnished(await authority(), [site]);
  });

  const tests = (browser) => {
    it('streams across origins, after a preflight', async () => {
      const tab = await open(browser(), site);
      const options = { baseURL: chat.baseURL, key: chat.publishable, request: chat.request };
      const answer = await tab.ask('stream', options);
      assert.equal(answer.status, 200);
      assert.equal(answer.pieces.length, TOKENS);
      assert.ok(answer.isDone);
      const phases = chat.gateway.requests().map((line) => line['cors.phase']);
      assert.ok(phases.includes('preflight'), 'the browser asked first');
      await tab.close();
    });

    it('speaks HTTP/2', async () => {
      // Of another origin a page may not know; a page of the gateway's own tells.
      const tab = await open(browser(), new URL('/healthz', chat.baseURL).href);
      const spoken = await tab.page.evaluate(() => {
        const [navigation] = performance.getEntriesByType('navigation');
        return /** @type {PerformanceNavigationTiming} */ (navigation).nextHopProtocol;
      });
      assert.equal(spoken, 'h2');
      await tab.close();
    });
  };
  inEachBrowser('over HTTPS', tests, authority);

  inEachBrowser('over HTTPS, the authority unknown', (browser) => {
    it('reaches nothing', async () => {
      const tab = await open(browser(), site);
      const answer = await tab.ask('call', { url: `${chat.baseURL}/models` });
      assert.equal(answer.resolved, false);
      await tab.close();
    });
  });
});
