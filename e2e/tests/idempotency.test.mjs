/** A request that is sent again with its idempotency key runs once, and any admitted page can read the replay. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { startSite } from '../lib/pages.mjs';
import { startRecorder, startScripted } from '../lib/upstream.mjs';

const EVENTS = ['data: {"n":1}\n\n', 'data: {"n":2}\n\n', 'data: [DONE]\n\n'];

describe('a request with an idempotency key', () => {
  let sites;
  let recorder;
  let scripted;
  let base;
  let key;

  before(async () => {
    recorder = await startRecorder();
    scripted = await startScripted();
    sites = [await startSite('localhost'), await startSite('127.0.0.1')];
    const gateway = await startGateway();
    const project = await gateway.manage.createProject();
    const cors = {
      allowedOrigins: sites,
      allowedHeaders: ['Content-Type', 'Authorization', '@drawbridge'],
    };
    for (const [name, baseUrl] of [
      ['chat', recorder.baseUrl],
      ['stream', scripted.baseUrl('stream')],
    ]) {
      await gateway.manage.createEndpoint(project.id, { name, upstream: { base_url: baseUrl }, cors });
    }
    key = (await gateway.manage.createKey({ project: project.slug, kind: 'publishable' })).token;
    base = `${gateway.url}/${project.id}`;
  });

  /** A call by the page of a site. */
  async function call(browser, site, { endpoint = 'chat', id, body = { model: 'm' } }) {
    const tab = await open(browser, site);
    return tab.ask('call', {
      url: `${base}/${endpoint}/v1/chat/completions`,
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'idempotency-key': id,
      },
      body: JSON.stringify(body),
    });
  }

  inEachBrowser('with fetch', (browser) => {
    it('runs once, and the replay is readable from another admitted origin', async () => {
      const id = randomUUID();
      const before = recorder.received.length;
      const first = await call(browser(), sites[0], { id });
      assert.equal(first.status, 200, first.error);
      assert.equal(first.headers['idempotency-replayed'], undefined);
      for (const site of sites) {
        const again = await call(browser(), site, { id });
        assert.equal(again.status, 200, again.error);
        assert.equal(again.headers['idempotency-replayed'], 'true');
        assert.equal(again.body, first.body);
        assert.notEqual(again.headers['x-request-id'], first.headers['x-request-id']);
      }
      assert.equal(recorder.received.length, before + 1);
    });

    it('replays a stream', async () => {
      const id = randomUUID();
      const lines = ['content-type: text/event-stream'];
      const script = scripted.script('stream', { status: 200, lines, chunks: EVENTS });
      script.release();
      const [first, again] = [
        await call(browser(), sites[0], { endpoint: 'stream', id }),
        await call(browser(), sites[1], { endpoint: 'stream', id }),
      ];
      assert.equal(again.headers['idempotency-replayed'], 'true', again.error);
      assert.equal(again.headers['content-type'], 'text/event-stream');
      assert.deepEqual([first.body, again.body], [EVENTS.join(''), EVENTS.join('')]);
      assert.equal(script.requests, 1);
    });

    it('tells the page why it was refused', async () => {
      const id = randomUUID();
      await call(browser(), sites[0], { id });
      const other = await call(browser(), sites[0], { id, body: { model: 'another' } });
      assert.equal(other.status, 422, other.error);
      assert.equal(JSON.parse(other.body).error.code, 'idempotency_key_reused');
    });
  });
});
