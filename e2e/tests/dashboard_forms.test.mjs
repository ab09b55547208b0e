/** Every form of the dashboard says what is wrong in the server's own words, at its place, and mends by a click what can be mended. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { inEachBrowser } from '../lib/browser.mjs';
import { Dashboard } from '../lib/dashboard.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { startRecorder } from '../lib/upstream.mjs';

describe('forms of the dashboard', () => {
  let gateway;
  let key;
  let upstream;

  before(async () => {
    upstream = await startRecorder();
    gateway = await startGateway();
    await gateway.manage.createProject('shop');
    await gateway.manage.createEndpoint('shop', { name: 'chat', upstream: { base_url: upstream.baseUrl } });
    key = await gateway.manage.createKey({ project: 'shop', kind: 'publishable', name: 'web page' });
  });

  inEachBrowser('filled in wrongly', (browser) => {
    let dashboard;
    const own = (name) => `${name}-${browser().process().pid}`;

    before(async () => {
      dashboard = await Dashboard.open(browser(), gateway.url);
      await dashboard.signIn(gateway.rootKey);
    });

    /** The page says so, and is as usable as without. */
    async function complains(text, name) {
      await dashboard.says(text);
      assert.deepEqual(await dashboard.accessibilityProblems(), []);
      await dashboard.screenshot(`form-${name}`);
    }

    it('a new project', async () => {
      await dashboard.visit('/endpoints');
      await dashboard.press('New project');
      await dashboard.fill('Slug', 'My Project');
      await dashboard.press('Create project');
      await complains(/a-z, 0-9/, 'new-project');
      await dashboard.fill('Slug', own('made'));
      await dashboard.press('Create project');
      await dashboard.says(own('made'));
    });

    it('a new endpoint', async () => {
      await dashboard.visit('/endpoints/new?project=shop');
      await dashboard.fill('Name', own('made'));
      await dashboard.fill('Base URL of the upstream', 'ftp://127.0.0.1');
      await dashboard.fill('Allowed origins, line 1', 'https://App.example.com/path');
      await complains(/http/, 'new-endpoint');
      await dashboard.press('Use https://app.example.com');
      await dashboard.fill('Base URL of the upstream', upstream.baseUrl);
      await dashboard.press('Create endpoint');
      await dashboard.says(`Endpoint of shop`);
      const { cors } = await gateway.manage.get(`/v1/projects/shop/endpoints/${own('made')}`);
      assert.deepEqual(cors.allowedOrigins, ['https://app.example.com']);
    });

    it('an endpoint', async () => {
      await dashboard.visit('/endpoints/shop/chat');
      await dashboard.fill('Preflight memory, in seconds', '-1');
      await complains(/1 problem to solve/, 'endpoint');
      await dashboard.press('Discard');
      await dashboard.page.waitForFunction(() => document.querySelector('[aria-invalid]') === null);
    });

    it('a new key, whose token is shown once', async () => {
      await dashboard.visit('/keys/new?project=shop');
      await dashboard.fill('Name', own('made'));
      await dashboard.press('Only these networks', 'radio');
      await dashboard.fill('Networks that may use it, line 1', '192.0.2.7/24');
      await complains('has bits set behind its prefix', 'new-key');
      await dashboard.press('Use 192.0.2.0/24');
      await dashboard.press('Create the key');
      await dashboard.page.waitForSelector('pre[aria-label="Token"]');
      const token = await dashboard.page.$eval('pre[aria-label="Token"]', (element) => element.innerText.trim());
      assert.match(token, /^dbr_pk_live_shop_/);
      assert.deepEqual(await dashboard.accessibilityProblems(), []);
      await dashboard.screenshot('token');
      await dashboard.press('I have stored it');
      await dashboard.says(own('made'));
      const kept = await dashboard.page.evaluate(() => document.documentElement.outerHTML + location.href + JSON.stringify({ ...localStorage, ...sessionStorage }));
      assert.ok(!kept.includes(token), 'and then nowhere');
    });

    it('a key', async () => {
      await dashboard.visit(`/keys/${key.id}`);
      await dashboard.press('Only these origins', 'radio');
      await dashboard.fill('Origins that may use it, line 1', 'https://app.example.com/');
      await complains(/slash/, 'key');
      await dashboard.press('Discard');
      await dashboard.says('Everything is saved');
    });

    it('a question', async () => {
      await dashboard.visit('/explain?project=shop&endpoint=nothing-there&origin=https://app.example.com');
      await dashboard.press('Explain');
      await complains(/no (such )?endpoint|not found|does not exist/i, 'explain');
    });

    it('a line of no console', async () => {
      await dashboard.visit('/explain?project=shop&console=hello');
      await dashboard.press('Explain');
      await complains(/not a CORS error|no line|recogni/i, 'explain-console');
    });

    it('a call of the playground', async () => {
      const asked = [];
      const note = (request) => asked.push(new URL(request.url()).pathname);
      await dashboard.visit('/playground?project=shop');
      dashboard.page.on('request', note);
      await dashboard.fill('Endpoint', 'nothing-there');
      await complains(/no (such )?endpoint|not found|does not exist/i, 'playground-endpoint');
      await dashboard.fill('Endpoint', 'chat');
      // Typed letter by letter; asked about when it is typed.
      await dashboard.fill('Origin of the page', 'javascript:alert(1)//');
      await complains('not the origin of a web page', 'playground');
      dashboard.page.off('request', note);
      assert.deepEqual(asked.filter((path) => /\/endpoints\/n./.test(path)), ['/v1/projects/shop/endpoints/nothing-there']);
      assert.equal(await dashboard.page.$('::-p-aria([name*="javascript"][role="button"])'), null);
      await dashboard.fill('Origin of the page', 'http://127.0.0.1:26101/chat');
      await dashboard.press('Use http://127.0.0.1:26101');
      await dashboard.says('Open http://127.0.0.1:26101');
      const said = await dashboard.page.evaluate(() => document.body.innerText);
      assert.ok(!said.includes('Call from'), 'only the demo has a test page');
      assert.ok(!said.includes('preflight'), 'nothing was called yet');
    });

    it("a project's settings", async () => {
      await dashboard.visit('/settings?project=shop');
      await dashboard.fill('Name', 'x'.repeat(300));
      await complains(/characters/, 'project');
      await dashboard.press('Discard');
    });

    it("a page's policy", async () => {
      await dashboard.visit('/settings?project=shop');
      await dashboard.fill("The page's policy", "connect-src 'none'");
      await complains(/block/i, 'csp');
    });

    it('a filter of the audit log', async () => {
      await dashboard.visit('/audit-log?actor=nobody');
      await complains('No entry is like that', 'audit-log');
      await dashboard.press('Show all entries');
      await dashboard.says('Endpoint created');
      await dashboard.isClean();
    });
  });
});
