/**
 * From a blocked call to a cured one: the page's call is blocked, the console's own line is asked about at
 * `POST /v1/cors/explain`, its fixes are applied, and the same page's call works.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { listenToConsole } from '../lib/console.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { startSite } from '../lib/pages.mjs';
import { until } from '../lib/until.mjs';
import { startRecorder } from '../lib/upstream.mjs';

const BODY = JSON.stringify({ model: 'any', messages: [{ role: 'user', content: 'hello' }] });

/** What the endpoint lacks of what the page needs, and what of it the line says. */
const LACKS = [
  { name: 'origin', cors: { allowedOrigins: ['https://elsewhere.example'] }, code: /MissingAllowOriginHeader$/ },
  { name: 'header', cors: { allowedHeaders: ['Authorization'] }, code: /^HeaderDisallowed/ },
  { name: 'method', cors: { allowedHeaders: ['*', 'Authorization'] }, method: 'PUT', code: /^MethodDisallowed/ },
  { name: 'credentials', cors: { allowedOrigins: ['*'] }, credentials: 'include', code: /WildcardOriginNotAllowed$/ },
];

describe('a blocked call', () => {
  let gateway;
  let project;
  let upstream;
  let site;
  let key;

  before(async () => {
    upstream = await startRecorder();
    site = await startSite();
    gateway = await startGateway();
    project = await gateway.manage.createProject();
    key = await gateway.manage.createKey({ project: project.slug, kind: 'secret' });
  });

  inEachBrowser('is explained and cured', (browser) => {
    for (const { name, cors, code, method = 'POST', credentials } of LACKS) {
      it(`by its ${name}`, async () => {
        const endpoint = `${name}-${browser().process().pid}`;
        const { url: path } = await gateway.manage.createEndpoint(project.id, {
          name: endpoint,
          upstream: { base_url: upstream.baseUrl },
          cors: { allowedOrigins: [site], ...cors },
        });
        const url = `${gateway.url}${path}/chat/completions`;
        const headers = { authorization: `Bearer ${key.token}`, 'content-type': 'application/json' };
        const tab = await open(browser(), site);
        const console = await listenToConsole(tab);
        const call = () => tab.ask('call', { url, method, headers, body: BODY, credentials });
        assert.equal((await call()).resolved, false, 'the page is refused');
        const lines = await until(`a line about ${url}`, async () => {
          const lines = await console.linesAbout(url);
          return lines.length > 0 && lines;
        });

        const asked = {
          console: lines[0],
          project: project.slug,
          endpoint,
          // What only one of the browsers says: Firefox names no origin.
          origin: site,
          method,
          headers: ['Content-Type: application/json', 'Authorization'],
          credentials: credentials === 'include',
          key_id: key.id,
        };
        const explained = await gateway.manage.explain(asked);
        assert.equal(explained.verdict, 'blocked');
        assert.match(explained.code, code);
        const brand = (await browser().version()).startsWith('firefox') ? 'firefox' : 'chromium';
        assert.equal(explained.recognized.browser, brand);
        const told = explained.console_lines[brand].flatMap(({ text, alternatives }) => [text, ...alternatives]);
        assert.ok(told.includes(lines[0]), `${lines[0]} is among ${told.join('\n')}`);

        for (const { url, patch } of explained.fixes) await gateway.manage.patch(url, patch);
        assert.equal((await gateway.manage.explain(asked)).verdict, 'allowed');
        assert.equal((await call()).status, 200, 'the page is admitted');
      });
    }
  });
});
