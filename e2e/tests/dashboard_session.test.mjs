/** Signing in and out: the key is sent once and kept nowhere, and the session ends with it. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { inEachBrowser } from '../lib/browser.mjs';
import { Dashboard } from '../lib/dashboard.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { startSite } from '../lib/pages.mjs';
import { until, within } from '../lib/until.mjs';

const SCOPES = ['endpoints:read', 'endpoints:write', 'keys:read', 'keys:write', 'audit:read'];

describe('a session of the dashboard', () => {
  let gateway;
  let site;

  before(async () => {
    gateway = await startGateway();
    site = await startSite('127.0.0.1');
    await gateway.manage.createProject('shop');
  });

  inEachBrowser('in the browser', (browser) => {
    it('begins with a good key only, which stays nowhere in the page', async () => {
      const dashboard = await Dashboard.open(browser(), gateway.url);
      await dashboard.page.goto(`${gateway.url}/dashboard/`);
      await dashboard.fill('Management key', 'dbr_sk_live_no_such_key');
      await dashboard.press('Sign in');
      await dashboard.page.waitForSelector('[role="alert"]');
      await dashboard.screenshot('sign-in-refused');
      assert.deepEqual(await dashboard.accessibilityProblems(), []);
      await dashboard.signIn(gateway.rootKey);
      await dashboard.settled();
      const kept = await dashboard.page.evaluate(() =>
        JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, document.documentElement.outerHTML, history.state]),
      );
      assert.ok(!kept.includes(gateway.rootKey), 'the key is nowhere in the page');
      assert.ok(!kept.includes('drawbridge_session'), 'scripts cannot read the cookie');
      await dashboard.page.reload();
      await dashboard.page.waitForSelector('.shell');
      await dashboard.isClean();
      await dashboard.close();
    });

    it('ends at sign-out, here and everywhere', async () => {
      const [one, other] = [await Dashboard.open(browser(), gateway.url), await Dashboard.open(browser(), gateway.url)];
      await one.signIn(gateway.rootKey);
      await other.signIn(gateway.rootKey);
      await one.press('Root key');
      await one.press('Sign out everywhere', 'menuitem');
      await one.says('Sign in to Drawbridge');
      await other.page.reload();
      await other.says('Sign in to Drawbridge');
      await one.close();
      await other.close();
    });

    it('leaves nothing that "back" could bring back', async () => {
      const dashboard = await Dashboard.open(browser(), gateway.url);
      await gateway.manage.createKey({ project: 'shop', kind: 'publishable', name: 'not for everybody' });
      await dashboard.signIn(gateway.rootKey);
      await dashboard.visit('/keys');
      await dashboard.says('not for everybody');
      await dashboard.page.evaluate(() => addEventListener('pageshow', ({ persisted }) => sessionStorage.setItem('persisted', persisted)));
      await dashboard.press('Root key');
      await dashboard.press('Sign out everywhere', 'menuitem');
      await dashboard.says('Sign in to Drawbridge');
      await dashboard.page.evaluate(() => history.back());
      await until('the page before', () => dashboard.page.url().endsWith('/keys'));
      await dashboard.says('Sign in to Drawbridge');
      // Firefox keeps no page aside while it is driven.
      const persisted = await dashboard.page.evaluate(() => sessionStorage.getItem('persisted'));
      if ((await browser().version()).startsWith('Chrome')) assert.equal(persisted, 'true', 'Chromium had kept the page');
      assert.ok(!(await dashboard.page.evaluate(() => document.documentElement.outerHTML)).includes('not for everybody'));
      await dashboard.close();
    });

    it('changes hands by a link only when that is wanted', async () => {
      const key = await gateway.manage.createKey({ project: 'shop', kind: 'secret', name: 'linked', scopes: SCOPES });
      const { url } = await gateway.manage.signInLink(key.token);
      const dashboard = await Dashboard.open(browser(), gateway.url);
      await dashboard.signIn(gateway.rootKey);
      await dashboard.page.goto(url);
      await dashboard.says('Sign in with the link?');
      assert.equal(dashboard.page.url(), `${gateway.url}/dashboard/`, 'the code is out of the address');
      assert.deepEqual(await dashboard.accessibilityProblems(), []);
      await dashboard.screenshot('sign-in-link');
      await dashboard.press('Cancel');
      await dashboard.press('Root key');
      await dashboard.page.goto(url);
      await dashboard.press('Use the link');
      await dashboard.says('linked');
      await dashboard.page.goto(url);
      await dashboard.press('Use the link');
      await dashboard.says('Sign-in code not good');
      assert.deepEqual(await dashboard.accessibilityProblems(), []);
      await dashboard.press('Cancel');
      await dashboard.press('linked');
      await dashboard.says('Sign out everywhere');
      await dashboard.close();
    });

    it('is not kept alive by a page that nobody touches', async () => {
      const dashboard = await Dashboard.open(browser(), gateway.url);
      await dashboard.signIn(gateway.rootKey);
      await dashboard.settled();
      const next = (isUnattended) =>
        dashboard.page.waitForRequest((request) => {
          const header = request.headers()['drawbridge-unattended'];
          return request.url().includes('/dashboard/api/traffic') && (header !== undefined) === isUnattended;
        });
      await dashboard.page.evaluate(() => {
        const now = Date.now;
        Date.now = () => now() + 61_000;
      });
      await within('a refresh that says so', next(true));
      const touched = next(false);
      await dashboard.page.keyboard.press('Shift');
      await dashboard.press('7 days');
      await within('a request that somebody asked for', touched);
      await dashboard.isClean();
      await dashboard.close();
    });

    it('ends when its key is revoked', async () => {
      const key = await gateway.manage.createKey({ project: 'shop', kind: 'secret', name: 'operator', scopes: SCOPES });
      const dashboard = await Dashboard.open(browser(), gateway.url);
      await dashboard.signIn(key.token);
      await dashboard.says('operator');
      await gateway.manage.revokeKey(key.id);
      await dashboard.page.reload();
      await dashboard.says('Sign in to Drawbridge');
      await dashboard.close();
    });

    it('gives back what was typed to the same key, and shows nothing of it to another', async () => {
      const key = await gateway.manage.createKey({ project: 'shop', kind: 'secret', name: 'writer', scopes: SCOPES });
      await gateway.manage.createProject(`other-${browser().process().pid}`).catch(() => undefined);
      const other = await gateway.manage.createKey({
        project: `other-${browser().process().pid}`,
        kind: 'secret',
        name: 'stranger',
        scopes: SCOPES,
      });
      const dashboard = await Dashboard.open(browser(), gateway.url);
      const comeBack = async (token) => {
        await dashboard.says('Your session has ended');
        await dashboard.fill('Management key', token);
        await dashboard.press('Sign in');
      };
      const end = () => gateway.manage.endSessions(key.token);
      await dashboard.signIn(key.token);
      await dashboard.visit('/endpoints/new');
      await dashboard.fill('Name', 'half-way');
      await end();
      await dashboard.page.keyboard.type('-there');
      await comeBack(key.token);
      await dashboard.says('New endpoint');
      const typed = await dashboard.page.$$eval('main input', (inputs) => inputs.map(({ value }) => value));
      assert.ok(typed.some((value) => value.startsWith('half-way')), String(typed));
      await end();
      await dashboard.page.keyboard.type('x');
      await dashboard.fill('Name', 'half-way-again');
      await comeBack(other.token);
      await dashboard.says('stranger');
      const html = await dashboard.page.evaluate(() =>
        document.documentElement.outerHTML + [...document.querySelectorAll('input')].map(({ value }) => value).join(),
      );
      assert.ok(!html.includes('half-way'), 'nothing of it is left');
      await dashboard.close();
    });

    it('offers a key only what it may do', async () => {
      const key = await gateway.manage.createKey({ project: 'shop', kind: 'secret', name: 'reader', scopes: ['endpoints:read'] });
      const dashboard = await Dashboard.open(browser(), gateway.url);
      await dashboard.signIn(key.token);
      const offered = ({ page }) => page.$$eval('.places a', (links) => links.map(({ textContent }) => textContent));
      assert.deepEqual(await offered(dashboard), ['Overview', 'Endpoints', 'Explain', 'Refusals', 'Playground', 'Settings']);
      for (const [path, says] of [['/audit-log', 'audit:read'], ['/keys', 'keys:read'], ['/nodes', 'Only the root key may']]) {
        await dashboard.visit(path);
        await dashboard.says(says);
      }
      await dashboard.close();
      const auditor = await gateway.manage.createKey({ project: 'shop', kind: 'secret', name: 'auditor', scopes: ['audit:read'] });
      const other = await Dashboard.open(browser(), gateway.url);
      await other.signIn(auditor.token);
      assert.deepEqual(await offered(other), ['Audit log']);
      for (const path of ['/', '/endpoints', '/explain', '/refusals', '/playground', '/endpoints/shop/any', '/settings']) {
        await other.visit(path);
        await other.says('It lacks the scope endpoints:read');
        assert.deepEqual(await other.accessibilityProblems(), [], path);
      }
      await other.isClean();
      await other.close();
    });

    it('cannot be used by a page of another origin', async () => {
      const dashboard = await Dashboard.open(browser(), gateway.url);
      await dashboard.signIn(gateway.rootKey);
      // Of the same site as the gateway, so that the browser would send a cookie that is SameSite=Strict.
      await dashboard.page.goto(site);
      const outcome = await dashboard.page.evaluate(async (url) => {
        const read = await fetch(`${url}/v1/projects`, { credentials: 'include' }).then(() => 'read', String);
        await fetch(`${url}/v1/projects`, {
          method: 'POST',
          mode: 'no-cors',
          credentials: 'include',
          body: '{"slug":"forged"}',
        });
        return read;
      }, gateway.url);
      assert.match(outcome, /TypeError/);
      const { data } = await gateway.manage.get('/v1/projects');
      assert.ok(!data.some(({ slug }) => slug === 'forged'), 'nothing was written');
      await dashboard.close();
    });
  });
});
