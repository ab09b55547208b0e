/** A page whose key is used up reads that and when to come back, and the SDK does as it is told. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { SDKS, startSite } from '../lib/pages.mjs';
import { until } from '../lib/until.mjs';
import { startRecorder } from '../lib/upstream.mjs';

const REQUEST = { model: 'm', messages: [{ role: 'user', content: 'hello' }] };

describe('a page whose key is limited', () => {
  let sites;
  let project;
  let gateway;
  let baseURL;

  before(async () => {
    const upstream = await startRecorder();
    sites = Object.fromEntries(
      await Promise.all(SDKS.map(async (sdk) => [sdk, await startSite('localhost', sdk)])),
    );
    gateway = await startGateway();
    project = await gateway.manage.createProject();
    await gateway.manage.createEndpoint(project.id, {
      name: 'chat',
      upstream: { base_url: upstream.baseUrl },
      cors: {
        allowedOrigins: Object.values(sites),
        allowedHeaders: ['Content-Type', 'Authorization', '@openai'],
      },
    });
    baseURL = `${gateway.url}/${project.id}/chat/v1`;
  });

  /** A key that may send one request in so many seconds. */
  const oneIn = (seconds) =>
    gateway.manage.createKey({
      project: project.slug,
      kind: 'publishable',
      rate_limit: { requests: 1, per_seconds: seconds },
    });

  /** The statuses of the key's requests so far, preflights aside. */
  const statuses = (id) =>
    gateway
      .requests()
      .filter((entry) => entry['key.id'] === id)
      .map((entry) => entry['http.status'])
      .sort();

  inEachBrowser('with fetch', (browser) => {
    it('reads its 429 and when to come back', async () => {
      const { token } = await oneIn(3600);
      const tab = await open(browser(), sites.openai);
      const ask = () =>
        tab.ask('call', {
          url: `${baseURL}/chat/completions`,
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify(REQUEST),
        });
      const admitted = await ask();
      assert.equal(admitted.status, 200, admitted.error);
      assert.equal(admitted.headers['x-ratelimit-remaining'], '0');
      const refused = await ask();
      assert.equal(refused.status, 429, refused.error);
      assert.equal(JSON.parse(refused.body).error.code, 'rate_limited');
      const { headers } = refused;
      const wait = Number(headers['retry-after']);
      assert.ok(wait > 3000 && wait <= 3600, headers['retry-after']);
      assert.equal(headers['x-ratelimit-limit'], '1');
      assert.equal(headers['ratelimit-policy'], '"default";q=1;w=3600');
      assert.equal(headers.ratelimit, `"default";r=0;t=${wait}`);
      assert.equal(headers['x-should-retry'], 'false');
    });
  });

  for (const sdk of SDKS) {
    inEachBrowser(`with the SDK ${sdk}`, (browser) => {
      it('comes back when it was told to, and is served', async () => {
        const { id, token: key } = await oneIn(3);
        const tab = await open(browser(), sites[sdk]);
        const complete = () => tab.ask('complete', { baseURL, key, request: REQUEST });
        const answers = await Promise.all([complete(), complete()]);
        for (const answer of answers) assert.equal(typeof answer.content, 'string', JSON.stringify(answer));
        const expected = [200, 200, 429];
        await until('the log has it', () => statuses(id).length >= expected.length);
        assert.deepEqual(statuses(id), expected, 'one refusal, and no try too early');
      });

      it('does not come back where it would be in vain', async () => {
        const { id, token: key } = await oneIn(3600);
        const tab = await open(browser(), sites[sdk]);
        const complete = () => tab.ask('complete', { baseURL, key, request: REQUEST });
        assert.equal(typeof (await complete()).content, 'string');
        const { error: refused } = await complete();
        assert.equal(refused.status, 429);
        assert.equal(refused.code, 'rate_limited');
        await until('the log has it', () => statuses(id).length >= 2);
        assert.deepEqual(statuses(id), [200, 429]);
      });
    });
  }
});
