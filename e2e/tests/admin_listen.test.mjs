/** With `admin.listen` the dashboard is not where calls go, and the URLs that it shows are those of calls. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { inEachBrowser } from '../lib/browser.mjs';
import { Dashboard } from '../lib/dashboard.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { startRecorder } from '../lib/upstream.mjs';

describe('a gateway whose management has an address of its own', () => {
  let gateway;
  let baseUrl;

  before(async () => {
    gateway = await startGateway(undefined, { DRAWBRIDGE_ADMIN_LISTEN: '127.0.0.1:0' });
    assert.notEqual(gateway.management, gateway.url);
    const upstream = await startRecorder();
    await gateway.manage.createProject('shop');
    const endpoint = await gateway.manage.createEndpoint('shop', { name: 'chat', upstream: { base_url: upstream.baseUrl } });
    baseUrl = endpoint.base_url;
    assert.equal(baseUrl, gateway.url + endpoint.url);
  });

  it('says URLs that answer', async () => {
    const call = (url) => fetch(`${url}/models`, { headers: { authorization: `Bearer ${gateway.rootKey}` } });
    assert.equal((await call(baseUrl)).status, 200);
    assert.equal((await call(baseUrl.replace(gateway.url, gateway.management))).status, 404);
  });

  inEachBrowser('on the dashboard', (browser) => {
    it('shows them wherever it says how to call', async () => {
      const dashboard = await Dashboard.open(browser(), gateway.management);
      await dashboard.signIn(gateway.rootKey);
      await dashboard.visit('/endpoints/shop/chat');
      await dashboard.says(baseUrl);
      await dashboard.visit('/playground?project=shop');
      await dashboard.fill('Endpoint', 'chat');
      await dashboard.fill('Origin of the page', 'https://app.example.com');
      await dashboard.says(`${baseUrl}/chat/completions`);
      await dashboard.isClean();
      await dashboard.close();
    });
  });
});
