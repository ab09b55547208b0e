/** The conformance corpus in browsers: does `fetch` resolve, what can the page read, what reached the upstream? */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { browserCases, written } from '../lib/corpus.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { SANDBOXED, startSite } from '../lib/pages.mjs';
import { startRecorder, startScripted } from '../lib/upstream.mjs';

const CASES = browserCases();
/** Fewer mean that the data was not read, not that there is less to say. */
const FEWEST = 30;

describe('the conformance corpus', () => {
  let gateway;
  let upstream;
  let gone;
  let project;
  /** @type {Record<string, string>} what the placeholders stand for */
  let values;

  before(async () => {
    upstream = await startScripted();
    gone = await startRecorder();
    gone.stop();
    gateway = await startGateway();
    project = await gateway.manage.createProject();
    const [page, other] = [await startSite(), await startSite()];
    const sub = page.replace('//localhost', '//app.localhost');
    values = { page, other, sub, page_port: new URL(page).port, project: project.id };
    await gateway.manage.createEndpoint(project.id, {
      name: 'elsewhere',
      upstream: { base_url: upstream.baseUrl('elsewhere') },
    });
    const key = async (more) =>
      (await gateway.manage.createKey({ project: project.slug, kind: 'publishable', ...more })).token;
    values.publishable = values.key = await key({});
    values.secret = await key({ kind: 'secret' });
    values.elsewhere = await key({ endpoints: ['elsewhere'] });
  });

  inEachBrowser('as pages see it', (browser) => {
    /**
     * One tab for each page: no case asks for a URL that another has asked for.
     * @type {Map<string, Promise<import('../lib/browser.mjs').Tab>>}
     */
    const tabs = new Map();
    let run = 0;

    function tabAt(url) {
      if (!tabs.has(url)) tabs.set(url, open(browser(), url));
      return tabs.get(url);
    }

    it('has cases', () => assert.ok(CASES.length >= FEWEST, `${CASES.length} cases for browsers`));

    for (const [index, one] of CASES.entries()) {
      it(one.id, async () => {
        const name = `case-${index}-${browser().process().pid}`;
        const { policy: cors, endpoint, upstream: answer, browser: call } = written(judged(one), values);
        const script = upstream.script(name, answer);
        const base_url = answer.fault === 'refuses' ? gone.baseUrl : upstream.baseUrl(name);
        await gateway.manage.createEndpoint(project.id, { name, upstream: { base_url }, cors, ...endpoint });
        const tab = await tabAt(call.page === 'null' ? values.page + SANDBOXED : call.page);
        const { path, ...init } = call.fetch;
        const seen = await tab.ask('begin', { url: `${gateway.url}/${project.id}/${name}${path}`, ...init });
        script.release();
        const rest = seen.resolved ? await tab.ask('finish') : '';
        assertSeen(seen, call);
        if (call.resolves && answer.chunks) {
          assert.equal(seen.body, answer.chunks[0], 'the first chunk arrives before the rest is sent');
          assert.equal(seen.body + rest, answer.chunks.join(''));
        }
        assert.equal(script.requests, call.forwarded ? 1 : 0, 'requests that reached the upstream');
        run += 1;
      });
    }

    after(() =>
      console.log(`conformance corpus, as pages see it: ${run} of ${CASES.length} cases run and passed`),
    );
  });
});

/**
 * What browsers judge by; the rest of a case is for the other layers.
 * @param {import('../lib/corpus.mjs').Case} one
 */
function judged({ policy, endpoint, upstream, browser }) {
  return { policy, endpoint, upstream, browser };
}

function assertSeen(seen, call) {
  assert.equal(seen.resolved, call.resolves, seen.error ?? `the page read ${seen.status}`);
  if (!seen.resolved) return;
  assert.equal(seen.status, call.status);
  for (const name of call.reads ?? []) assert.ok(name.toLowerCase() in seen.headers, `${name} is readable`);
  for (const name of call.hidden ?? []) assert.ok(!(name.toLowerCase() in seen.headers), `${name} is hidden`);
}
