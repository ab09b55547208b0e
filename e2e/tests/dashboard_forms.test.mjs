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

    it('of everything that lets more in, the consequence is said before it is saved', async () => {
      const { manage } = gateway;
      const name = own('asked');
      await manage.createEndpoint('shop', {
        name,
        upstream: { base_url: upstream.baseUrl },
        models: ['small'],
        cors: { allowedOrigins: ['https://app.example.com'], exposedHeaders: ['X-Request-Id'] },
      });
      const limited = await manage.createKey({
        project: 'shop',
        kind: 'secret',
        name: own('limited'),
        endpoints: ['chat'],
        allowed_origins: ['https://app.example.com'],
        allowed_ips: ['192.0.2.1'],
        rate_limit: { requests: 10, per_seconds: 60 },
        max_concurrent: 1,
      });
      const line = (list, text, adding) => async () => {
        await dashboard.press(adding);
        await dashboard.fill(list, text);
      };
      const endpoint = `/endpoints/shop/${name}`;
      const key = `/keys/${limited.id}`;
      for (const [path, change, says] of [
        [endpoint, () => dashboard.press('Remove small'), 'clients may ask for every model'],
        [endpoint, line('Model 2', 'large', 'Add a model'), 'Clients may ask for large too'],
        [endpoint, () => dashboard.fill('Model 1, name at the upstream', 'huge'), 'small (at the upstream huge)'],
        [endpoint, line('Allowed methods, line 4', '*', 'Add a method'), 'may use every method'],
        [endpoint, line('Allowed methods, line 4', 'DELETE', 'Add a method'), 'may use DELETE too'],
        [endpoint, () => dashboard.fill('Allowed request headers, line 1', '*'), 'may send every header'],
        [endpoint, () => dashboard.fill('Allowed request headers, line 1', 'X-My-*'), 'may send X-My-* too'],
        [endpoint, () => dashboard.press('@anthropic'), 'X-Api-Key'],
        [key, () => dashboard.press('All endpoints of the project', 'radio'), 'every endpoint of the project'],
        [key, () => dashboard.press('Any origin that the endpoint lists', 'radio'), 'no longer narrows'],
        [key, () => dashboard.press('Any network', 'radio'), 'from any network'],
        [key, () => dashboard.press("The project's limit", 'radio'), 'any number of requests'],
        [key, () => dashboard.fill('Requests', '20'), 'It may send more requests'],
        [key, () => dashboard.fill('Requests at the same time', '2'), '2 of its requests'],
        [key, () => dashboard.fill('Requests at the same time', ''), 'Any number of its requests'],
      ]) {
        // Browsers all but stop what is not in front.
        await dashboard.page.bringToFront();
        const isThere = dashboard.page.url().endsWith(path);
        if (!isThere) await dashboard.visit(path);
        await change();
        await dashboard.press('Save');
        await dashboard.page.waitForSelector('[role="alertdialog"]');
        await dashboard.says(says);
        if (!isThere) assert.deepEqual(await dashboard.accessibilityProblems(), []);
        await dashboard.page.keyboard.press('Escape');
        await dashboard.page.waitForFunction(() => document.querySelector('[role="alertdialog"]') === null, { polling: 50 });
        await dashboard.press('Discard');
        await dashboard.page.waitForFunction(() => !/not saved/.test(document.querySelector('main').innerText), { polling: 50 });
      }
      // What narrows is saved at once.
      await dashboard.fill('Requests', '5');
      await dashboard.press('Save');
      await dashboard.says('is saved');
      const { rate_limit: limit, endpoints } = await manage.get(`/v1${key.replace('keys', 'api-keys')}`);
      assert.deepEqual([limit.requests, endpoints], [5, ['chat']]);
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
