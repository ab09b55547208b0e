/** Over TLS, as the usual clients speak it: curl, nghttp, h2load, and pages in both browsers. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { makeAuthority } from '../lib/authority.mjs';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { startSite } from '../lib/pages.mjs';
import { run, which } from '../lib/process.mjs';
import { startRecorder } from '../lib/upstream.mjs';

const REQUESTS = 3000;

/** One authority for the whole file; made at first use, when the tests run. */
let made;
const authority = () => (made ??= makeAuthority());

/** A gateway that speaks HTTPS, with an endpoint on an upstream that answers at once, and the keys to it. */
async function furnished(allowedOrigins = []) {
  const gateway = await startGateway(await authority());
  const { baseUrl } = await startRecorder();
  const project = await gateway.manage.createProject();
  const endpoint = await gateway.manage.createEndpoint(project.id, {
    name: 'chat',
    upstream: { base_url: baseUrl },
    cors: { allowedOrigins },
  });
  const key = async (kind) => (await gateway.manage.createKey({ project: project.slug, kind })).token;
  return {
    gateway,
    models: `${gateway.url}${endpoint.url}/models`,
    secret: await key('secret'),
    publishable: await key('publishable'),
  };
}

describe('curl', () => {
  it('does not believe a stranger', async () => {
    const { models } = await furnished();
    // 60: the certificate cannot be verified.
    await assert.rejects(run(which('curl'), ['--silent', '--show-error', models]), /exit code 60/);
  });
});

describe('nghttp and h2load', () => {
  let url;
  let header;
  let env;

  before(async () => {
    const { models, secret } = await furnished();
    url = models;
    header = `authorization: Bearer ${secret}`;
    env = { ...process.env, SSL_CERT_FILE: (await authority()).ca };
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
    chat = await furnished([site]);
  });

  const tests = (browser) => {
    it('calls across origins, after a preflight', async () => {
      const tab = await open(browser(), site);
      const headers = { authorization: `Bearer ${chat.publishable}` };
      const answer = await tab.ask('call', { url: chat.models, headers });
      assert.equal(answer.status, 200, answer.error);
      const phases = chat.gateway.requests().map((line) => line['cors.phase']);
      assert.ok(phases.includes('preflight'), 'the browser asked first');
      await tab.close();
    });

    it('speaks HTTP/2', async () => {
      // Of another origin a page may not know; a page of the gateway's own tells.
      const tab = await open(browser(), new URL('/healthz', chat.models).href);
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
      const answer = await tab.ask('call', { url: chat.models });
      assert.equal(answer.resolved, false);
      await tab.close();
    });
  });
});
