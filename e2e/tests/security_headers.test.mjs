/** Security headers do not stand in a page's way, and what `drawbridge csp` says about a page's policy is what browsers do. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { before, describe, it } from 'node:test';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { BINARY, startGateway } from '../lib/gateway.mjs';
import { listen } from '../lib/listen.mjs';
import { startSite } from '../lib/pages.mjs';
import { startScripted } from '../lib/upstream.mjs';

const EVENTS = ['data: {"choices":[{"delta":{"content":"a"}}]}\n\n', 'data: [DONE]\n\n'];

for (const profile of ['standard', 'strict']) {
  describe(`a page of a listed origin, with the profile ${profile}`, () => {
    let site;
    let upstream;
    let endpoint;
    let key;

    before(async () => {
      site = await startSite();
      upstream = await startScripted();
      const gateway = await startGateway(undefined, { DRAWBRIDGE_SECURITY_HEADERS_PROFILE: profile });
      const project = await gateway.manage.createProject();
      const document = {
        name: 'e',
        upstream: { base_url: upstream.baseUrl('e') },
        cors: { allowedOrigins: [site], exposedHeaders: ['*'] },
      };
      endpoint = gateway.url + (await gateway.manage.createEndpoint(project.id, document)).url;
      key = (await gateway.manage.createKey({ project: project.slug, kind: 'publishable' })).token;
    });

    inEachBrowser('with fetch', (browser) => {
      it('reads answers and errors, with their security headers', async () => {
        const tab = await open(browser(), site);
        const ask = (authorization) =>
          tab.ask('call', {
            url: `${endpoint}/chat/completions`,
            method: 'POST',
            headers: { authorization, 'content-type': 'application/json' },
            body: '{}',
          });
        upstream.script('e', { status: 200, lines: ['X-Frame-Options: SAMEORIGIN'] });
        const answer = await ask(`Bearer ${key}`);
        assert.equal(answer.status, 200, answer.error);
        assert.equal(answer.headers['x-frame-options'], 'DENY');
        const refusal = await ask('Bearer sk-unknown');
        assert.equal(refusal.status, 401, refusal.error);
        assert.equal(refusal.headers['x-content-type-options'], 'nosniff');
        assert.match(refusal.headers['cache-control'], /^no-store/);
      });

      it('streams to the end', async () => {
        const tab = await open(browser(), site);
        const lines = ['Content-Type: text/event-stream'];
        upstream.script('e', { status: 200, lines, chunks: EVENTS }).release();
        const answer = await tab.ask('stream', { baseURL: endpoint, key, request: {} });
        assert.deepEqual(answer.pieces, ['a'], answer.error);
        assert.ok(answer.isDone);
      });
    });
  });
}

/** GW stands for the gateway's origin, PORT for its port. */
const POLICIES = [
  "img-src 'self'",
  "default-src 'none'",
  "default-src 'self'",
  "default-src 'none'; connect-src GW",
  'connect-src',
  'connect-src *',
  "connect-src 'none' GW",
  'CONNECT-SRC GW',
  'connect-src https://other.example; connect-src GW',
  'connect-src GW, connect-src https://other.example',
  'connect-src GW, img-src https://other.example',
  'connect-src http:',
  'connect-src https:',
  'connect-src ws:',
  'connect-src 127.0.0.1:PORT',
  'connect-src http://127.0.0.1',
  'connect-src http://127.0.0.1:*',
  'connect-src http://*:PORT',
  'connect-src https://127.0.0.1:PORT',
  'connect-src ws://127.0.0.1:PORT',
  'connect-src http:127.0.0.1:PORT',
  'connect-src //127.0.0.1:PORT',
  'connect-src http://[::1]:PORT',
  'connect-src GW/',
  'connect-src GW/?query',
  'connect-src GW/healthz',
  'connect-src GW/elsewhere/',
  'upgrade-insecure-requests',
];

describe('the verdict of `drawbridge csp --check`', () => {
  let gateway;
  let site;

  before(async () => {
    gateway = await startGateway();
    const { port } = await listen((request, response) => {
      const policy = new URL(request.url, 'http://localhost').searchParams.get('policy');
      if (policy !== null) response.setHeader('content-security-policy', policy);
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><link rel="icon" href="data:,"><title>a page</title>');
    });
    site = `http://localhost:${port}`;
  });

  /** The verdict, and the header that the command proposes instead. */
  function check(policy) {
    const options = ['--public-url', gateway.url, '--check', policy, '--page-origin', site, '--json'];
    const { status, stdout, stderr } = spawnSync(BINARY, ['csp', ...options], { encoding: 'utf8' });
    const { verdict, cured } = JSON.parse(stdout || 'null') ?? assert.fail(stderr);
    assert.equal(status, verdict === 'allowed' ? 0 : 4);
    return { verdict, cured };
  }

  inEachBrowser('as told by the browser', (browser) => {
    /** Whether the browser lets a page with this policy connect to the gateway. */
    async function seen(tab, policy) {
      await tab.page.goto(`${site}/?policy=${encodeURIComponent(policy)}`);
      // Whatever comes of the call itself, the browser says when it was the policy.
      const blocked = await tab.page.evaluate(async (url) => {
        const violation = new Promise((resolve) => {
          addEventListener('securitypolicyviolation', () => resolve(true), { once: true });
        });
        const passed = await fetch(url, { mode: 'no-cors' }).then(() => true, () => false);
        return passed ? false : violation;
      }, `${gateway.url}/readyz`);
      return blocked ? 'blocked' : 'allowed';
    }

    it('is what it does', async () => {
      const { port } = new URL(gateway.url);
      const tab = await open(browser(), site);
      for (const template of POLICIES) {
        const policy = template.replace('GW', gateway.url).replace('PORT', port);
        const { verdict, cured } = check(policy);
        assert.equal(await seen(tab, policy), verdict, policy);
        if (cured !== null) assert.equal(await seen(tab, cured), 'allowed', `${policy} => ${cured}`);
      }
    });
  });
});
