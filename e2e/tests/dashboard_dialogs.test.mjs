/** What the dashboard asks in a dialog: usable by everybody, right about what follows, and plain about what did not work. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { inEachBrowser } from '../lib/browser.mjs';
import { Dashboard } from '../lib/dashboard.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { startRecorder } from '../lib/upstream.mjs';

describe('dialogs of the dashboard', () => {
  let gateway;
  let upstream;

  before(async () => {
    upstream = await startRecorder();
    gateway = await startGateway();
    await gateway.manage.createProject('shop');
    await gateway.manage.createProject('crowded');
  });

  inEachBrowser('opened', (browser) => {
    let dashboard;
    const own = (name) => `${name}-${browser().process().pid}`;

    before(async () => {
      dashboard = await Dashboard.open(browser(), gateway.url);
      await dashboard.signIn(gateway.rootKey);
    });

    /** The page says so, and is as usable as without. */
    async function says(text, name) {
      await dashboard.says(text);
      assert.deepEqual(await dashboard.accessibilityProblems(), [], String(text));
      if (name) await dashboard.screenshot(`dialog-${name}`);
    }

    /** Browsers all but stop what is not in front. @param {string} name @param {string} [role] */
    async function press(name, role) {
      await dashboard.page.bringToFront();
      await dashboard.press(name, role);
    }

    async function isClosed() {
      await dashboard.page.waitForFunction(() => document.querySelector('[role="dialog"], [role="alertdialog"]') === null, { polling: 50 });
    }

    const endpoint = (project, name, more) =>
      gateway.manage.createEndpoint(project, { name, upstream: { base_url: upstream.baseUrl }, ...more });
    const key = (name, more) => gateway.manage.createKey({ project: 'shop', kind: 'publishable', name: own(name), ...more });

    it('the menu of who is signed in', async () => {
      await dashboard.visit('/nodes');
      await press('Root key');
      await dashboard.page.waitForSelector('[role="menu"]');
      await says('Sign out everywhere', 'account');
      await dashboard.page.keyboard.press('Escape');
    });

    it('a new project', async () => {
      await dashboard.visit('/endpoints');
      await press('New project');
      await dashboard.page.waitForSelector('[role="dialog"]');
      await says('Create project', 'new-project');
      await dashboard.page.keyboard.press('Escape');
      await isClosed();
    });

    it('a key is rotated, unless the overlap is none', async () => {
      const { id } = await key('rotated');
      await dashboard.visit(`/keys/${id}`);
      await press('Rotate');
      await says('How long the old token stays good', 'rotate');
      await press('Another time', 'radio');
      await dashboard.fill('Seconds', '99999999');
      await dashboard.page.keyboard.press('Enter');
      await says(/an overlap is 0/i, 'rotate-refused');
      await dashboard.fill('Seconds', '60');
      await dashboard.page.keyboard.press('Enter');
      await says('The key has a new token', 'rotated');
      await press('I have stored it');
      await isClosed();
    });

    it('a key is revoked, unless somebody changed it meanwhile', async () => {
      const { id } = await key('revoked');
      await dashboard.visit(`/keys/${id}`);
      await press('Revoke');
      await says('This cannot be undone', 'revoke');
      await gateway.manage.patch(`/v1/api-keys/${id}`, { name: own('renamed') });
      await press('Revoke for good');
      await says('Nothing was done: somebody else changed the key meanwhile', 'revoke-conflict');
      assert.equal((await gateway.manage.get(`/v1/api-keys/${id}`)).status, 'active');
      await press('Revoke for good');
      await dashboard.says('It is revoked');
      assert.equal((await gateway.manage.get(`/v1/api-keys/${id}`)).status, 'revoked');
    });

    it('a token that cannot be imported', async () => {
      const taken = `token-of-another-gateway-${own('taken')}`;
      await key('first', { token: taken });
      await dashboard.visit('/keys/new?project=shop');
      await dashboard.page.$eval('main details summary', (summary) => summary.click());
      await dashboard.fill('Name', own('imported'));
      await dashboard.fill('Existing token', 'short');
      await says(/16/, 'import');
      await dashboard.fill('Existing token', taken);
      await press('Create the key');
      await says('The key was not created', 'import-taken');
      const { data } = await gateway.manage.get(`/v1/api-keys?project=shop&search=${own('imported')}`);
      assert.deepEqual(data, []);
    });

    it('models that are listed twice', async () => {
      const name = own('twice');
      await endpoint('shop', name, { models: ['small'] });
      await dashboard.visit(`/endpoints/shop/${name}`);
      await press('Add a model');
      await dashboard.fill('Model 2', 'small');
      await says('1 problem to solve', 'models');
      await press('Save');
      await dashboard.page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Model 2', { polling: 50 });
      assert.deepEqual((await gateway.manage.get(`/v1/projects/shop/endpoints/${name}`)).models, ['small']);
      await press('Discard');
    });

    it('an endpoint is deleted, unless somebody changed it meanwhile', async () => {
      const name = own('deleted');
      await endpoint('shop', name);
      await dashboard.visit(`/endpoints/shop/${name}`);
      await press(`Delete ${name}`);
      await says('No active key names it', 'delete');
      await gateway.manage.updateEndpoint('shop', name, { models: ['theirs'] });
      await press('Delete it');
      await isClosed();
      await says('It was not deleted', 'delete-conflict');
      await gateway.manage.get(`/v1/projects/shop/endpoints/${name}`);
      await dashboard.visit(`/endpoints/shop/${name}`);
      await press(`Delete ${name}`);
      await press('Delete it');
      await dashboard.says(`Endpoint ${name} deleted`);
    });

    it('of many keys that may use an endpoint, those that name it are told', async () => {
      const name = own('named');
      await endpoint('crowded', name);
      const unrestricted = (await gateway.manage.get('/v1/api-keys?project=crowded&limit=1000')).data.length;
      for (let count = unrestricted; count < 1000; count++) {
        await gateway.manage.createKey({ project: 'crowded', kind: 'publishable' });
      }
      await gateway.manage.createKey({ project: 'crowded', kind: 'publishable', name: own('stranded'), endpoints: [name] });
      await dashboard.visit(`/endpoints/crowded/${name}`);
      await press(`Delete ${name}`);
      await says(`One active key names it and loses it: ${own('stranded')}`, 'delete-named');
      await dashboard.says('can use no endpoint at all');
      await dashboard.page.keyboard.press('Escape');
      await isClosed();
    });

    it('what somebody else saved in between is kept beside what is saved on top of it', async () => {
      const name = own('conflict');
      await endpoint('shop', name, { models: ['small', 'large'], cors: { allowedOrigins: ['https://app.example.com'] } });
      const stored = () => gateway.manage.get(`/v1/projects/shop/endpoints/${name}`);
      await dashboard.visit(`/endpoints/shop/${name}`);
      await press('Remove large');
      await dashboard.says('is treated as before');
      await gateway.manage.updateEndpoint('shop', name, { cors: { maxAge: 60 } });
      await press('Save');
      await says('Somebody else changed this endpoint while you were writing', 'conflict');
      assert.deepEqual((await stored()).models, ['small', 'large']);
      await press('Apply mine on top');
      await dashboard.says(`${name} saved`);
      const { models, cors } = await stored();
      assert.deepEqual([models, cors.maxAge], [['small'], 60]);
      await dashboard.isClean();
    });

    it('so it is with a key', async () => {
      const { id } = await key('shared', { allowed_ips: ['192.0.2.1', '192.0.2.2'] });
      await dashboard.visit(`/keys/${id}`);
      await dashboard.fill('Name', own('begun'));
      await gateway.manage.patch(`/v1/api-keys/${id}`, { allowed_ips: ['192.0.2.1'] });
      // Tried while it is typed, before it is saved.
      await dashboard.fill('Name', own('mine'));
      await says('Somebody else changed it while you were editing', 'key-conflict');
      await press('Apply mine on top');
      await dashboard.page.waitForFunction(() => document.querySelector('main [role="alert"]') === null, { polling: 50 });
      await press('Save');
      await dashboard.says(`${own('mine')} is saved`);
      const { name, allowed_ips: networks } = await gateway.manage.get(`/v1/api-keys/${id}`);
      assert.deepEqual([name, networks], [own('mine'), ['192.0.2.1']]);
      await dashboard.isClean();
    });
  });
});
