/** What the dashboard is for, with real pages on other origins: blocked → explain → fix → works; and the demo's playground. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { listenToConsole } from '../lib/console.mjs';
import { Dashboard, NARROW, WIDE } from '../lib/dashboard.mjs';
import { BINARY, startGateway, withoutSettings } from '../lib/gateway.mjs';
import { startSite } from '../lib/pages.mjs';
import { start } from '../lib/process.mjs';
import { until, within } from '../lib/until.mjs';
import { startRecorder } from '../lib/upstream.mjs';

const BODY = JSON.stringify({ model: 'any', messages: [{ role: 'user', content: 'hello' }] });

describe('the dashboard cures a blocked page', () => {
  let gateway;
  let site;
  let key;
  let upstream;

  before(async () => {
    upstream = await startRecorder();
    site = await startSite();
    gateway = await startGateway();
    await gateway.manage.createProject('shop');
    key = await gateway.manage.createKey({ project: 'shop', kind: 'publishable' });
  });

  inEachBrowser('that stands on another origin', (browser) => {
    let dashboard;

    before(async () => {
      dashboard = await Dashboard.open(browser(), gateway.url);
      await dashboard.signIn(gateway.rootKey);
    });

    /** A page whose calls to a new endpoint are blocked, and what its console says. */
    async function blocked(name) {
      const endpoint = `${name}-${browser().process().pid}`;
      const { url: path } = await gateway.manage.createEndpoint('shop', {
        name: endpoint,
        upstream: { base_url: upstream.baseUrl },
        cors: { allowedOrigins: ['https://elsewhere.example'] },
      });
      const url = `${gateway.url}${path}/chat/completions`;
      const tab = await open(browser(), site);
      const console = await listenToConsole(tab);
      const headers = { authorization: `Bearer ${key.token}`, 'content-type': 'application/json' };
      const call = () => tab.ask('call', { url, method: 'POST', headers, body: BODY });
      assert.equal((await call()).resolved, false, 'the page is refused');
      // Browsers all but stop what is not in front.
      await dashboard.page.bringToFront();
      return { endpoint, url, console, call };
    }

    it('from the line of its console', async () => {
      const { endpoint, url, console, call } = await blocked('line');
      const [line] = await until('a line', async () => {
        const lines = await console.linesAbout(url);
        return lines.length > 0 && lines;
      });
      await dashboard.visit(`/explain?project=shop&endpoint=${endpoint}&origin=${encodeURIComponent(site)}&console=${encodeURIComponent(line)}`);
      await dashboard.press('Explain');
      await dashboard.says('Blocked');
      assert.deepEqual(await dashboard.accessibilityProblems(), []);
      await dashboard.screenshot('explain-blocked');
      await dashboard.press('Apply this change');
      await dashboard.page.waitForSelector('[role="alertdialog"]');
      assert.deepEqual(await dashboard.accessibilityProblems(), []);
      await dashboard.press('Apply');
      await dashboard.says('Allowed: the page can read the answer');
      assert.deepEqual(await dashboard.accessibilityProblems(), []);
      await dashboard.screenshot('explain-allowed');
      assert.equal((await call()).status, 200, 'the very next request is admitted');
      await dashboard.press('Undo');
      await dashboard.says('Taken back');
      assert.equal((await call()).resolved, false, 'and refused again once that is undone');
      await dashboard.isClean();
    });

    it('from the list of refusals', async () => {
      const { endpoint, call } = await blocked('list');
      await dashboard.visit('/refusals?project=shop');
      await dashboard.fill('Endpoint', endpoint);
      await dashboard.says(`at shop/${endpoint}`);
      await dashboard.press('Apply this change');
      await dashboard.press('Apply');
      await dashboard.says('Everything here is cured');
      assert.equal((await call()).status, 200);
      await dashboard.isClean();
    });

    it('in the policy editor, which says what the change means for pages', async () => {
      const { endpoint, call } = await blocked('editor');
      await until('the refusal to be stored', async () => {
        const { data } = await gateway.manage.get(`/v1/cors/refusals?project=shop&endpoint=${endpoint}`);
        return data.length > 0;
      });
      await dashboard.visit(`/endpoints/shop/${endpoint}`);
      await dashboard.press('Add an origin');
      // Written as people write it; the suggestion of the server mends it.
      await dashboard.fill('Allowed origins, line 2', `${site}/`);
      await dashboard.press(`Use ${site}`);
      await dashboard.says(/What this changes for pages/);
      await dashboard.says(site);
      assert.deepEqual(await dashboard.accessibilityProblems(), []);
      await dashboard.screenshot('policy-editor');
      await dashboard.press('Save');
      await dashboard.page.waitForSelector('[role="alertdialog"]');
      assert.deepEqual(await dashboard.accessibilityProblems(), []);
      await dashboard.screenshot('policy-editor-widening');
      await dashboard.page.locator('[role="alertdialog"] .dialog-actions button:last-child').click();
      await dashboard.page.waitForSelector('.toast');
      assert.equal((await call()).status, 200);
      await dashboard.isClean();
    });

    it('without overwriting what somebody else saved in between', async () => {
      const { endpoint } = await blocked('conflict');
      await dashboard.visit(`/endpoints/shop/${endpoint}`);
      await gateway.manage.updateEndpoint('shop', endpoint, { cors: { maxAge: 60 } });
      await dashboard.press('Add an origin');
      await dashboard.fill('Allowed origins, line 2', 'https://mine.example');
      await dashboard.says(/changed (it|this endpoint) in between|somebody else/i);
      await dashboard.screenshot('conflict');
      const { cors } = await gateway.manage.get(`/v1/projects/shop/endpoints/${endpoint}`);
      assert.deepEqual([cors.maxAge, cors.allowedOrigins], [60, ['https://elsewhere.example']]);
    });
  });
});

describe('the demo', () => {
  inEachBrowser('has a dashboard to explore', (browser) => {
    let demo;
    let dashboard;

    before(async () => {
      demo = await start(BINARY, ['demo', '--listen', '127.0.0.1:0'], {
        ready: /^drawbridge demo: open (http:\/\/\S+)$/,
        env: withoutSettings(process.env),
      });
    });

    it('behind a link that signs in once', async () => {
      const link = await until('the link', () => demo.output.join('\n').match(/http:\/\/\S+\/dashboard\/sign-in#code=\S+/)?.[0]);
      dashboard = await Dashboard.open(browser(), new URL(link).origin);
      await dashboard.page.goto(link);
      await dashboard.says('Overview');
      await dashboard.settled();
      assert.equal(await dashboard.page.evaluate(() => location.hash), '', 'the code is out of the address');
      const other = await Dashboard.open(browser(), new URL(link).origin);
      await other.page.goto(link);
      await other.page.waitForSelector('[role="alert"]');
      await other.close();
      await dashboard.visit('/refusals');
      await dashboard.says(/Origin not allowed/);
    });

    it('and a playground where a listed origin streams, and another is blocked, explained and let in', async () => {
      const pages = await until('the endpoint', async () => {
        await dashboard.visit('/refusals');
        return dashboard.page.$eval('.refusal-origin', (element) => element.textContent);
      });
      await dashboard.visit('/playground');
      await dashboard.page.waitForFunction(() => document.querySelector('main select')?.value !== '');
      await dashboard.fill('Endpoint', 'demo');
      await dashboard.says(/Call from http:\/\//);
      const listed = await dashboard.page.$eval('input[placeholder="https://app.example.com"]', (input) => input.value);
      assert.notEqual(listed, pages);
      assert.ok(!(await dashboard.page.evaluate(() => document.body.innerText)).includes('preflight'), 'nothing was called yet');
      await dashboard.press(`Call from ${listed}`);
      await dashboard.says('The stream came to its end');
      await dashboard.says(/Stream: \d+ chunks?/);
      await dashboard.says(/preflight\s+The gateway answers OPTIONS with 204: the browser goes on/);
      await dashboard.page.bringToFront();
      assert.deepEqual(await dashboard.accessibilityProblems(), []);
      await dashboard.screenshot('playground-stream');
      await dashboard.page.setViewport(NARROW);
      assert.ok((await dashboard.overhang()) <= 0, 'nothing to scroll sideways with everything unfolded');
      await dashboard.page.setViewport(WIDE);

      await dashboard.fill('Origin of the page', pages);
      await dashboard.press(`Call from ${pages}`);
      await dashboard.says('TypeError');
      await dashboard.says('the browser stops here');
      await dashboard.page.bringToFront();
      await dashboard.screenshot('playground-blocked');
      await dashboard.press('Apply this change');
      await dashboard.press('Apply');
      await within('the cure', dashboard.page.waitForFunction(() => document.querySelector('.notice-good') === null));
      await dashboard.press(`Call from ${pages}`);
      await dashboard.says('The stream came to its end');
      await dashboard.isClean();
    });
  });
});
