/** Every page of the dashboard: clean under its own policy, usable by everybody, from narrow to wide, in the light and in the dark. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { inEachBrowser } from '../lib/browser.mjs';
import { Dashboard, NARROW, WIDE } from '../lib/dashboard.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { until } from '../lib/until.mjs';
import { startRecorder } from '../lib/upstream.mjs';

/** With something on each page, the way it looks after a while. */
const PAGES = [
  { name: 'overview', path: '/', says: 'Decisions by CORS' },
  { name: 'endpoints', path: '/endpoints?project=shop', says: 'chat' },
  { name: 'new-endpoint', path: '/endpoints/new?project=shop', says: 'Name' },
  { name: 'endpoint', path: '/endpoints/shop/chat', says: 'https://app.example.com' },
  { name: 'keys', path: '/keys?project=shop', says: 'web page' },
  { name: 'new-key', path: '/keys/new?project=shop', says: 'Publishable' },
  { name: 'key', path: (seen) => `/keys/${seen.key.id}`, says: 'web page' },
  { name: 'explain', path: '/explain?project=shop&endpoint=chat', says: 'Describe the call' },
  { name: 'refusals', path: '/refusals', says: 'https://staging.example.com' },
  { name: 'playground', path: '/playground?project=shop', says: 'Origin of the page' },
  { name: 'audit-log', path: '/audit-log', says: 'Endpoint created' },
  { name: 'nodes', path: '/nodes', says: 'ready' },
  { name: 'settings', path: '/settings?project=shop', says: /listen/i },
];

describe('the dashboard', () => {
  let gateway;
  const seen = {};

  before(async () => {
    const upstream = await startRecorder();
    gateway = await startGateway();
    const project = await gateway.manage.createProject('shop');
    await gateway.manage.createProject('empty');
    const endpoint = await gateway.manage.createEndpoint('shop', {
      name: 'chat',
      upstream: { base_url: upstream.baseUrl },
      cors: { allowedOrigins: ['https://app.example.com'] },
    });
    seen.key = await gateway.manage.createKey({ project: 'shop', kind: 'publishable', name: 'web page' });
    const call = (origin) =>
      fetch(`${gateway.url}/${project.id}/chat/v1/chat/completions`, {
        method: 'POST',
        headers: { origin, authorization: `Bearer ${seen.key.token}`, 'content-type': 'application/json' },
        body: '{"model":"any"}',
      });
    assert.equal((await call('https://app.example.com')).status, 200, endpoint.url);
    assert.equal((await call('https://staging.example.com')).status, 403);
    // More than are shown: a list of full length.
    for (let page = 1; page <= 11; page++) assert.equal((await call(`https://page-${page}.example.com`)).status, 403);
    await until('the refusals to be stored', async () => (await gateway.manage.get('/v1/cors/refusals')).data.length >= 12);
  });

  inEachBrowser('signed in', (browser) => {
    let dashboard;

    before(async () => {
      dashboard = await Dashboard.open(browser(), gateway.url);
      await dashboard.signIn(gateway.rootKey);
    });

    for (const { name, path, says } of PAGES) {
      it(`shows ${name}`, async () => {
        await dashboard.visit(typeof path === 'function' ? path(seen) : path);
        await dashboard.says(says);
        for (const theme of ['light', 'dark']) {
          await dashboard.wear(theme);
          assert.deepEqual(await dashboard.accessibilityProblems(), [], theme);
          for (const [width, viewport] of Object.entries({ wide: WIDE, narrow: NARROW })) {
            await dashboard.page.setViewport(viewport);
            const overhang = await dashboard.page.evaluate(
              () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
            );
            assert.ok(overhang <= 0, `${width}: ${overhang} pixels to scroll sideways`);
            await dashboard.screenshot(`${name}-${width}-${theme}`);
          }
          await dashboard.page.setViewport(WIDE);
        }
        await dashboard.page.setViewport(NARROW);
        assert.ok((await dashboard.overhang()) <= 0, 'nor with everything unfolded');
        await dashboard.page.setViewport(WIDE);
        await dashboard.isClean();
      });
    }

    it('says what to do next where there is nothing yet', async () => {
      for (const [path, says] of [
        ['/endpoints?project=empty', /endpoint/i],
        ['/keys?project=empty', /key/i],
        ['/refusals?project=empty', 'No page was refused'],
      ]) {
        await dashboard.visit(path);
        await dashboard.page.waitForSelector('.empty');
        await dashboard.says(says);
        assert.deepEqual(await dashboard.accessibilityProblems(), [], path);
        await dashboard.screenshot(`empty-${path.slice(1, path.indexOf('?'))}`);
      }
    });

    it('shows an answer of Explain in a narrow window', async () => {
      await dashboard.page.setViewport(NARROW);
      await dashboard.visit('/explain?project=shop&endpoint=chat&origin=https://staging.example.com');
      await dashboard.press('Explain');
      await dashboard.says('The way of the call');
      assert.ok((await dashboard.overhang()) <= 0);
      await dashboard.screenshot('explain-answer-narrow');
      await dashboard.page.setViewport(WIDE);
    });

    it('brings the current page of its menu into view', async () => {
      await dashboard.page.setViewport(NARROW);
      await dashboard.visit('/settings?project=shop');
      const isInView = () => {
        const { left, right } = document.querySelector('.places [aria-current="page"]').getBoundingClientRect();
        return left >= 0 && right <= innerWidth;
      };
      assert.ok(await dashboard.page.evaluate(isInView));
      await dashboard.press('Drawbridge', 'link');
      await dashboard.says('Decisions by CORS');
      assert.ok(await dashboard.page.evaluate(isInView), 'and the next one');
      await dashboard.page.setViewport(WIDE);
    });

    it('says that a project is gone, and does not go on asking', async () => {
      let asked = 0;
      const count = (request) => {
        if (request.url().endsWith('/v1/projects/gone')) asked += 1;
      };
      dashboard.page.on('request', count);
      await dashboard.visit('/settings?project=gone');
      await dashboard.says('gone');
      await dashboard.page.waitForSelector('[role="alert"]');
      dashboard.page.off('request', count);
      assert.ok(asked <= 2, `asked ${asked} times`);
    });

    it('says that there is no such page', async () => {
      await dashboard.page.goto(`${gateway.url}/dashboard/no-such-page`);
      await dashboard.says('There is no such page');
    });

    it('loads little script', async () => {
      const fresh = await Dashboard.open(browser(), gateway.url);
      await fresh.signIn(gateway.rootKey);
      await fresh.visit('/');
      await fresh.page.waitForSelector('.uplot');
      const bytes = await fresh.page.evaluate(() =>
        performance
          .getEntriesByType('resource')
          .filter(({ name }) => name.endsWith('.js'))
          .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
      );
      assert.ok(bytes > 50_000 && bytes < 200_000, `${bytes} bytes of compressed script`);
      await fresh.close();
    });

    for (const [width, height] of [[1280, 900], [1280, 1400], [360, 1400]]) {
      it(`moves nothing while it loads, at ${width} × ${height}`, async () => {
        const fresh = await Dashboard.open(browser(), gateway.url);
        await fresh.page.setViewport({ width, height });
        await fresh.signIn(gateway.rootKey);
        await fresh.page.evaluateOnNewDocument(() => {
          globalThis.shifts = [];
          // Chromium alone measures it.
          if (!PerformanceObserver.supportedEntryTypes.includes('layout-shift')) return;
          new PerformanceObserver((list) => {
            for (const { value, sources } of list.getEntries()) {
              globalThis.shifts.push([value, ...sources.map(({ node }) => node?.className || node?.nodeName)]);
            }
          }).observe({ type: 'layout-shift', buffered: true });
        });
        await fresh.visit('/');
        await fresh.page.waitForSelector('.uplot');
        await fresh.page.waitForFunction(() => document.querySelectorAll('[aria-labelledby="refused-origins"] tbody tr').length === 8);
        assert.deepEqual(await fresh.page.evaluate(() => globalThis.shifts), []);
        await fresh.close();
      });
    }

    it('can be gone around by keyboard alone', async () => {
      await dashboard.visit('/');
      await dashboard.page.keyboard.press('Tab');
      const first = await dashboard.page.evaluate(() => document.activeElement?.textContent);
      assert.equal(first, 'Skip to the content');
      await dashboard.page.keyboard.press('Enter');
      assert.equal(await dashboard.page.evaluate(() => document.activeElement?.id), 'content');
    });
  });
});
