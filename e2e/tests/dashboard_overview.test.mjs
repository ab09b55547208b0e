/** The overview: what it counts as refused, and what it costs to open. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { inEachBrowser } from '../lib/browser.mjs';
import { Dashboard } from '../lib/dashboard.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { until } from '../lib/until.mjs';
import { startRecorder } from '../lib/upstream.mjs';

const MOST = 'https://refused-most.example.com';

describe('the overview', () => {
  let gateway;

  before(async () => {
    const upstream = await startRecorder();
    gateway = await startGateway();
    const { manage } = gateway;
    await manage.createProject('shop');
    const key = await manage.createKey({ project: 'shop', kind: 'publishable', name: 'web page' });
    const make = (name, enforcement) =>
      manage.createEndpoint('shop', {
        name,
        upstream: { base_url: upstream.baseUrl },
        cors: { allowedOrigins: ['https://app.example.com'], enforcement },
      });
    const call = ({ url }, origin) =>
      fetch(`${gateway.url}${url}/chat/completions`, {
        method: 'POST',
        headers: { origin, authorization: `Bearer ${key.token}`, 'content-type': 'application/json' },
        body: '{"model":"any"}',
      });
    const entries = async () => {
      const first = await manage.get('/v1/cors/refusals?limit=1000');
      return first.data;
    };
    const first = await make('first', 'server');
    for (let times = 0; times < 3; times++) assert.equal((await call(first, MOST)).status, 403);
    await until('the first refusals to be stored', async () => (await entries()).length > 0);
    const reporting = await make('reporting', 'report');
    for (let times = 0; times < 5; times++) assert.equal((await call(reporting, 'https://reported.example.com')).status, 200);
    // More entries than the latest page of them has.
    for (const name of ['second', 'third', 'fourth']) {
      const endpoint = await make(name, 'server');
      for (let page = 0; page < 70; page++) await call(endpoint, `https://page-${page}.${name}.example.com`);
    }
    await until('the others to be stored', async () => (await entries()).length >= 212);
  });

  inEachBrowser('opened', (browser) => {
    let dashboard;

    before(async () => {
      dashboard = await Dashboard.open(browser(), gateway.url);
      await dashboard.signIn(gateway.rootKey);
    });

    it('counts refused calls of the chosen days, all of them, the most first', async () => {
      await dashboard.visit('/');
      const day = (seconds) => new Date(Date.now() - seconds * 1000).toISOString().slice(0, 10);
      for (const [span, seconds] of [['24 hours', 86_400], ['7 days', 7 * 86_400]]) {
        await dashboard.press(span);
        await dashboard.says(`from the start of ${day(seconds)} (UTC)`);
        const rows = await dashboard.page.$$eval('[aria-labelledby="refused-origins"] tbody tr', (rows) => rows.map(({ innerText }) => innerText.split(/\s+/)));
        assert.deepEqual([rows[0], rows.length], [[MOST, '3'], 8]);
        assert.ok(!rows.some(([origin]) => origin === 'https://reported.example.com'), 'what was only reported was not refused');
      }
      assert.deepEqual(await dashboard.accessibilityProblems(), []);
      await dashboard.screenshot('overview-refused-origins');
      await dashboard.isClean();
    });

    it('fetches the script of no other page until its link is pointed at', async () => {
      const fresh = await Dashboard.open(browser(), gateway.url);
      await fresh.signIn(gateway.rootKey);
      const script = () =>
        fresh.page.evaluate(() => {
          const scripts = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.js'));
          return { bytes: scripts.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0), names: scripts.map(({ name }) => name) };
        });
      await fresh.visit('/');
      await fresh.page.waitForSelector('.uplot');
      // What a page fetches a moment after it stands would have been fetched by its first refresh.
      await fresh.page.waitForResponse((response) => response.url().includes('/dashboard/api/traffic'));
      const { bytes, names } = await script();
      assert.ok(bytes > 50_000 && bytes < 200_000, `${bytes} bytes of compressed script`);
      assert.ok(!names.some((name) => name.includes('KeysPage')), names.join('\n'));
      await fresh.page.bringToFront();
      await fresh.page.hover('.places a[href$="/keys"]');
      await until('the page of keys to be fetched', async () => (await script()).names.some((name) => name.includes('KeysPage')));
      await fresh.close();
    });
  });
});
