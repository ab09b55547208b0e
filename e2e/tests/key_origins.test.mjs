/** A key that stands in a page's source serves that page alone, where the endpoint leaves origins to its keys. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { startSite } from '../lib/pages.mjs';
import { startRecorder } from '../lib/upstream.mjs';

describe('a key that is bound to a page', () => {
  /** @type {Awaited<ReturnType<typeof startRecorder>>} */
  let upstream;
  let gateway;
  let shop;
  let blog;
  let thief;
  let project;
  /** @type {string} the token in the source of the shop's page */
  let key;

  before(async () => {
    upstream = await startRecorder();
    [shop, blog, thief] = [await startSite(), await startSite(), await startSite('127.0.0.1')];
    gateway = await startGateway();
    project = await gateway.manage.createProject();
    await gateway.manage.createEndpoint(project.id, {
      name: 'chat',
      models: ['any'],
      upstream: { base_url: upstream.baseUrl },
    });
    key = (await createKeyFor(shop)).token;
    await createKeyFor(blog);
  });

  /** @param {string} page */
  function createKeyFor(page) {
    const document = { project: project.slug, kind: 'publishable', allowed_origins: [page] };
    return gateway.manage.createKey(document);
  }

  /** What a page gets for a key, and how many requests the upstream got meanwhile. */
  async function call(browser, page, token, base) {
    const tab = await open(browser, page);
    const before = upstream.received.length;
    const answer = await tab.ask('call', {
      url: `${gateway.url}${base}/chat/completions`,
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'any' }),
    });
    return { answer, reached: upstream.received.length - before };
  }

  inEachBrowser('by fetch', (browser) => {
    for (const shared of [false, true]) {
      describe(shared ? 'on the shared URL' : "on the endpoint's own URL", () => {
        const base = () => (shared ? '/v1' : `/${project.id}/chat/v1`);

        it('serves that page', async () => {
          const { answer, reached } = await call(browser(), shop, key, base());
          assert.equal(answer.status, 200, answer.error);
          assert.equal(reached, 1);
        });

        it('tells the page of another key that it is not for that page', async () => {
          const { answer, reached } = await call(browser(), blog, key, base());
          assert.equal(answer.status, 403, answer.error);
          assert.equal(JSON.parse(answer.body).error.code, 'key_origin_not_allowed');
          assert.equal(reached, 0);
        });

        it('is of no use to a stranger', async () => {
          const { answer, reached } = await call(browser(), thief, key, base());
          assert.equal(answer.resolved, false);
          assert.match(answer.error, /^TypeError/);
          assert.equal(reached, 0);
        });

        it('leaves its page out once it is revoked', async () => {
          const page = await startSite();
          const { id, token } = await createKeyFor(page);
          const { answer } = await call(browser(), page, token, base());
          assert.equal(answer.status, 200, answer.error);
          await gateway.manage.revokeKey(id);
          const { answer: late, reached } = await call(browser(), page, token, base());
          assert.equal(late.resolved, false);
          assert.equal(reached, 0);
        });
      });
    }
  });
});
