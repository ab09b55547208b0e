/** What the policy refuses never reaches the upstream, whatever the browser or a client does. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { SDKS, startSite } from '../lib/pages.mjs';
import { until } from '../lib/until.mjs';
import { startRecorder } from '../lib/upstream.mjs';

const REQUEST = { model: 'any', messages: [{ role: 'user', content: 'hello' }] };

describe('a refused call', () => {
  /** @type {Awaited<ReturnType<typeof startRecorder>>} */
  let upstream;
  let gateway;
  let listed;
  let unlisted;
  let olderSdk;
  /** @type {Record<string, string>} the endpoints' base URLs by name */
  let endpoints;
  let key;

  before(async () => {
    upstream = await startRecorder();
    listed = await startSite('localhost');
    unlisted = await startSite('127.0.0.1');
    olderSdk = await startSite('localhost', 'openai-6');
    gateway = await startGateway();
    const project = await gateway.manage.createProject();
    const allowedOrigins = [listed, olderSdk];
    const policies = {
      'default-headers': { allowedOrigins },
      'for-sdk': { allowedOrigins, allowedHeaders: ['Content-Type', 'Authorization', '@openai'] },
      'as-browsers-do': { allowedOrigins, enforcement: 'browser' },
      'get-only': { allowedOrigins, allowedMethods: ['GET'] },
    };
    endpoints = {};
    for (const [name, cors] of Object.entries(policies)) {
      const document = { name, upstream: { base_url: upstream.baseUrl }, cors };
      endpoints[name] = gateway.url + (await gateway.manage.createEndpoint(project.id, document)).url;
    }
    key = (await gateway.manage.createKey({ project: project.slug, kind: 'publishable' })).token;
  });

  /** How many requests the upstream gets while `action` runs, and what that gave. */
  async function reaching(action) {
    const before = upstream.received.length;
    const outcome = await action();
    return { outcome, reached: upstream.received.length - before };
  }

  const completion = (name, headers = {}) => ({
    url: `${endpoints[name]}/chat/completions`,
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(REQUEST),
  });

  inEachBrowser('from an origin that is not listed', (browser) => {
    it('rejects in fetch', async () => {
      const tab = await open(browser(), unlisted);
      const { outcome, reached } = await reaching(() => tab.ask('call', completion('for-sdk')));
      assert.equal(outcome.resolved, false);
      assert.match(outcome.error, /^TypeError/);
      assert.equal(reached, 0);
      const refusals = () =>
        gateway.requests().filter((one) => one.origin === unlisted && one.endpoint === 'for-sdk');
      const [first] = await until('the log to have it', () =>
        refusals().length > 0 ? refusals() : undefined,
      );
      assert.deepEqual([first['cors.phase'], first['cors.reason']], ['preflight', 'origin_not_allowed']);
      assert.ok(
        refusals().every((one) => one['upstream.status'] === undefined),
        'the log says that no upstream answered',
      );
    });

    it('is a connection error in the SDK, its retries included', async () => {
      const tab = await open(browser(), unlisted);
      const { outcome, reached } = await reaching(() =>
        tab.ask('complete', { baseURL: endpoints['for-sdk'], key, request: REQUEST }),
      );
      assert.equal(outcome.error.kind, 'APIConnectionError');
      assert.equal(reached, 0);
    });

    for (const mode of ['cors', 'no-cors']) {
      it(`is refused without a preflight too: text/plain, ${mode}`, async () => {
        const tab = await open(browser(), unlisted);
        const request = {
          url: `${endpoints['for-sdk']}/chat/completions`,
          method: 'POST',
          body: JSON.stringify(REQUEST),
          mode,
        };
        const { outcome, reached } = await reaching(() => tab.ask('call', request));
        if (mode === 'cors') assert.equal(outcome.resolved, false);
        else assert.deepEqual([outcome.type, outcome.body], ['opaque', '']);
        assert.equal(reached, 0);
      });
    }

    it('reaches the upstream but not the page where enforcement is left to browsers', async () => {
      const tab = await open(browser(), unlisted);
      // A browser asks first and sends nothing; a request without a preflight is forwarded.
      const asked = await reaching(() => tab.ask('call', completion('as-browsers-do')));
      assert.deepEqual([asked.outcome.resolved, asked.reached], [false, 0]);
      const sent = await reaching(() => fetchAs(unlisted, completion('as-browsers-do')));
      assert.deepEqual([sent.outcome.status, sent.reached], [200, 1]);
      assert.equal(sent.outcome.headers.get('access-control-allow-origin'), null);
    });
  });

  for (const sdk of SDKS) {
    const site = () => (sdk === 'openai' ? listed : olderSdk);
    inEachBrowser(`by ${sdk} from a listed origin`, (browser) => {
      it('is refused for its headers by the default list', async () => {
        const tab = await open(browser(), site());
        const { outcome, reached } = await reaching(() =>
          tab.ask('complete', { baseURL: endpoints['default-headers'], key, request: REQUEST }),
        );
        assert.equal(outcome.error.kind, 'APIConnectionError');
        assert.equal(reached, 0);
      });

      it('is admitted by the preset', async () => {
        const tab = await open(browser(), site());
        const { outcome, reached } = await reaching(() =>
          tab.ask('complete', { baseURL: endpoints['for-sdk'], key, request: REQUEST }),
        );
        assert.equal(outcome.content, 'recorded');
        assert.equal(reached, 1);
      });
    });
  }

  inEachBrowser('from a listed origin', (browser) => {
    it('is admitted with the default headers in fetch', async () => {
      const tab = await open(browser(), listed);
      const { outcome, reached } = await reaching(() => tab.ask('call', completion('default-headers')));
      assert.deepEqual([outcome.status, reached], [200, 1]);
    });

    it('rejects for a header that is not listed', async () => {
      const tab = await open(browser(), listed);
      const request = completion('default-headers', { 'x-tenant': '1' });
      const { outcome, reached } = await reaching(() => tab.ask('call', request));
      assert.deepEqual([outcome.resolved, reached], [false, 0]);
    });

    it('rejects for a method that is not listed', async () => {
      const tab = await open(browser(), listed);
      const request = { ...completion('default-headers'), method: 'DELETE' };
      const { outcome, reached } = await reaching(() => tab.ask('call', request));
      assert.deepEqual([outcome.resolved, reached], [false, 0]);
    });

    it('is readable where only the server can refuse the method', async () => {
      const tab = await open(browser(), listed);
      // Fetch, "CORS-preflight fetch": POST needs no mention in Access-Control-Allow-Methods.
      const { outcome, reached } = await reaching(() => tab.ask('call', completion('get-only')));
      assert.deepEqual([outcome.status, reached], [405, 0]);
      assert.equal(JSON.parse(outcome.body).error.code, 'method_not_allowed');
    });
  });

  describe('by a client that is no browser', () => {
    it('is refused by its Origin alone, with a valid key and a type that needs no preflight', async () => {
      const request = completion('for-sdk', { 'content-type': 'text/plain' });
      const { outcome, reached } = await reaching(() => fetchAs(unlisted, request));
      assert.equal(outcome.status, 403);
      assert.equal((await outcome.json()).error.code, 'origin_not_allowed');
      assert.equal(outcome.headers.get('access-control-allow-origin'), null);
      assert.equal(reached, 0);
    });

    it('is not refused without an Origin', async () => {
      const { url, ...init } = completion('for-sdk');
      const { outcome, reached } = await reaching(() => fetch(url, init));
      assert.deepEqual([outcome.status, reached], [200, 1]);
    });
  });
});

/** A request with an Origin of our choice, as no browser would send it. */
function fetchAs(origin, { url, headers, ...init }) {
  return fetch(url, { ...init, headers: { ...headers, origin } });
}
