/** A change of policy is obeyed by the very next request, also on a connection that is already open. */
import assert from 'node:assert/strict';
import { Agent, request as send } from 'node:http';
import { before, describe, it } from 'node:test';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { atEnd } from '../lib/cleanup.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { startSite } from '../lib/pages.mjs';
import { startRecorder } from '../lib/upstream.mjs';

const BODY = JSON.stringify({ model: 'any', messages: [{ role: 'user', content: 'hello' }] });
const ROUNDS = 5;

describe('a change of policy', () => {
  let gateway;
  let project;
  let upstream;
  let site;
  let key;

  before(async () => {
    upstream = await startRecorder();
    site = await startSite();
    gateway = await startGateway();
    project = await gateway.manage.createProject();
    key = (await gateway.manage.createKey({ project: project.slug, kind: 'publishable' })).token;
  });

  /** An endpoint of its own for each test, so that they can run in any order. */
  async function endpoint(name, cors) {
    const document = { name, upstream: { base_url: upstream.baseUrl }, cors };
    const { url } = await gateway.manage.createEndpoint(project.id, document);
    const listing = (origin) =>
      gateway.manage.updateEndpoint(project.id, name, { cors: { allowedOrigins: [origin] } });
    return { url: `${gateway.url}${url}/chat/completions`, listing };
  }

  const headers = () => ({ authorization: `Bearer ${key}`, 'content-type': 'application/json' });

  inEachBrowser('under a page', (browser) => {
    it('refuses its next request, which it sends without asking again, and admits the one after', async () => {
      const { url, listing } = await endpoint(`in-page-${browser().process().pid}`, {
        allowedOrigins: [site],
      });
      const tab = await open(browser(), site);
      const call = () => tab.ask('call', { url, method: 'POST', headers: headers(), body: BODY });
      assert.equal((await call()).status, 200);
      for (let round = 0; round < ROUNDS; round++) {
        await listing('https://elsewhere.example');
        const before = upstream.received.length;
        assert.equal((await call()).resolved, false, `round ${round}: the page is refused`);
        assert.equal(upstream.received.length, before, `round ${round}: nothing reached the upstream`);
        await listing(site);
        assert.equal((await call()).status, 200, `round ${round}: the page is admitted`);
      }
    });
  });

  describe('on one keep-alive connection', () => {
    it('is obeyed by the next preflight and the next request', async () => {
      const { url, listing } = await endpoint('on-connection', { allowedOrigins: [site] });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      atEnd(() => agent.destroy());
      const ask = (method, more) => exchange(url, { agent, method, headers: { origin: site, ...more } });
      const both = async () => {
        const preflight = await ask('OPTIONS', { 'access-control-request-method': 'POST' });
        const actual = await ask('POST', headers());
        return { preflight, actual };
      };
      await both();
      for (let round = 0; round < ROUNDS; round++) {
        await listing('https://elsewhere.example');
        const refused = await both();
        assert.ok(refused.preflight.isReused && refused.actual.isReused, 'one connection carries them all');
        assert.equal(refused.preflight.headers['access-control-allow-origin'], undefined);
        assert.deepEqual(
          [refused.actual.status, refused.actual.headers['access-control-allow-origin']],
          [403, undefined],
        );
        await listing(site);
        const admitted = await both();
        assert.ok(admitted.preflight.isReused && admitted.actual.isReused, 'one connection carries them all');
        assert.equal(admitted.preflight.headers['access-control-allow-origin'], site);
        assert.deepEqual(
          [admitted.actual.status, admitted.actual.headers['access-control-allow-origin']],
          [200, site],
        );
      }
    });

    it('is obeyed by the next request where a key is revoked', async () => {
      const { url } = await endpoint('revoking', { allowedOrigins: [site] });
      const { id, token } = await gateway.manage.createKey({ project: project.slug, kind: 'publishable' });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      atEnd(() => agent.destroy());
      const ask = () =>
        exchange(url, { agent, method: 'POST', headers: { ...headers(), authorization: `Bearer ${token}` } });
      assert.equal((await ask()).status, 200);
      await gateway.manage.revokeKey(id);
      const { status, isReused, body } = await ask();
      assert.deepEqual([status, isReused, JSON.parse(body).error.code], [401, true, 'revoked_key']);
    });
  });
});

/** One request, and whether its connection was already open. A POST carries BODY. */
function exchange(url, options) {
  return new Promise((resolve, reject) => {
    const request = send(url, options, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body,
          isReused: request.reusedSocket,
        }),
      );
    });
    request.on('error', reject);
    request.end(options.method === 'POST' ? BODY : undefined);
  });
}
