/** The dashboard of a gateway with more projects than a list of choices holds. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { inEachBrowser } from '../lib/browser.mjs';
import { Dashboard } from '../lib/dashboard.mjs';
import { startGateway } from '../lib/gateway.mjs';

const PROJECTS = 1001;

describe('a dashboard of many projects', () => {
  let gateway;

  before(async () => {
    gateway = await startGateway();
    for (let count = 1; count <= PROJECTS; count++) await gateway.manage.createProject(`project-${String(count).padStart(4, '0')}`);
  });

  inEachBrowser('opened', (browser) => {
    it('leads from its switch to those that are not in it', async () => {
      const dashboard = await Dashboard.open(browser(), gateway.url);
      await dashboard.signIn(gateway.rootKey);
      await dashboard.visit('/keys?project=project-0001');
      const last = await dashboard.page.waitForFunction(() => {
        const options = [...document.querySelectorAll('.project-switcher option')];
        return options.length > 1000 && options.at(-1).value;
      }, { polling: 50 });
      await dashboard.page.select('.project-switcher select', await last.jsonValue());
      await dashboard.says('Choose a project to see its endpoints.');
      await dashboard.fill('Search projects', `project-${PROJECTS}`);
      await dashboard.page.bringToFront();
      await dashboard.press(`project-${PROJECTS}`, 'link');
      await dashboard.page.waitForFunction((slug) => document.querySelector('.project-switcher select').value === slug, { polling: 50 }, `project-${PROJECTS}`);
      assert.match(dashboard.page.url(), /project=project-1001/);
      await dashboard.isClean();
      await dashboard.close();
    });
  });
});
