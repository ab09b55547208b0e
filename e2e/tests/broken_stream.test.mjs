/** An upstream that dies midway: the page must not take half an answer for a whole one. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { listen } from '../lib/listen.mjs';
import { startSite } from '../lib/pages.mjs';

const CHUNK = {
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta: { content: 'half' }, finish_reason: null }],
};

describe('a stream whose upstream dies midway', () => {
  let site;
  let options;

  before(async () => {
    const { port } = await listen((request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${JSON.stringify(CHUNK)}\n\n`, () => response.destroy());
    });
    site = await startSite();
    const gateway = await startGateway();
    const project = await gateway.manage.createProject();
    const endpoint = await gateway.manage.createEndpoint(project.id, {
      name: 'chat',
      upstream: { base_url: `http://127.0.0.1:${port}/v1` },
      cors: { allowedOrigins: [site], allowedHeaders: ['Content-Type', 'Authorization', '@openai'] },
    });
    const { token: key } = await gateway.manage.createKey({ project: project.slug, kind: 'publishable' });
    options = { baseURL: gateway.url + endpoint.url, key, request: { model: 'any', messages: [] } };
  });

  inEachBrowser('read', (browser) => {
    it('is an error in fetch', async () => {
      const tab = await open(browser(), site);
      const answer = await tab.ask('stream', options);
      assert.equal(answer.status, 200);
      assert.equal(answer.error, 'TypeError');
      assert.equal(answer.isDone, false);
    });

    it('is an error in the SDK', async () => {
      const tab = await open(browser(), site);
      await assert.rejects(
        tab.ask('completeStreaming', options),
        /network error|NetworkError|Error in input stream/i,
      );
    });
  });
});
