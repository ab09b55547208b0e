/** The shared URL: pages and SDKs know one address, and the model leads them to the endpoint. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { before, describe, it } from 'node:test';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { PYTHON, startLlama } from '../lib/llama.mjs';
import { startSite } from '../lib/pages.mjs';
import { run } from '../lib/process.mjs';
import { until } from '../lib/until.mjs';

const CLIENT = resolve(import.meta.dirname, '../clients/openai_python.py');
const TOKENS = 24;

describe('the shared URL', () => {
  let site;
  let gateway;
  let shared;

  before(async () => {
    const llama = await startLlama('tiny');
    site = await startSite('localhost');
    gateway = await startGateway();
    const project = await gateway.manage.createProject();
    const allowedHeaders = ['Content-Type', 'Authorization', '@openai'];
    const createEndpoint = (name, allowedOrigins) =>
      gateway.manage.createEndpoint(project.id, {
        name,
        models: [{ name: `${name}-model`, upstream_name: llama.model }],
        upstream: { base_url: llama.baseUrl },
        cors: { allowedOrigins, allowedHeaders },
      });
    await createEndpoint('open', [site]);
    await createEndpoint('other', [site]);
    await createEndpoint('closed', ['https://app.example.com']);
    const { token: key } = await gateway.manage.createKey({ project: project.slug, kind: 'publishable' });
    shared = { baseURL: `${gateway.url}/v1`, key };
  });

  const request = (model) => ({
    model,
    messages: [{ role: 'user', content: 'tell me something new' }],
    max_tokens: TOKENS,
    seed: 1,
  });

  inEachBrowser('for a page with the SDK', (browser) => {
    it('streams from the endpoint that lists the model', async () => {
      for (const name of ['open', 'other']) {
        const tab = await open(browser(), site);
        const model = `${name}-model`;
        const answer = await tab.ask('completeStreaming', { ...shared, request: request(model) });
        assert.equal(answer.error, undefined);
        assert.equal(answer.pieces.length, TOKENS);
        const served = (line) => line.endpoint === name && line['http.method'] === 'POST';
        await until(`the log to say that ${name} served it`, () => gateway.requests().some(served));
      }
    });

    it('lists the models that this page may call', async () => {
      const tab = await open(browser(), site);
      const answer = await tab.ask('models', shared);
      assert.deepEqual(answer.names, ['open-model', 'other-model']);
    });

    it('tells the page that the model is unknown', async () => {
      const tab = await open(browser(), site);
      const { error } = await tab.ask('complete', { ...shared, request: request('no-such-model') });
      assert.deepEqual([error.status, error.code], [404, 'model_not_found']);
      assert.match(error.requestId, /^[\w.-]+$/);
    });

    it('shows a page nothing of an endpoint that does not list its origin', async () => {
      const tab = await open(browser(), site);
      const { error } = await tab.ask('complete', { ...shared, request: request('closed-model') });
      assert.equal(error.kind, 'APIConnectionError');
      const refused = (line) => line.code === 'origin_not_allowed' && line.endpoint === 'closed';
      await until('the log to name the refusal', () => gateway.requests().some(refused));
      const served = (line) => line.origin && line.endpoint === 'closed' && 'upstream.status' in line;
      assert.ok(!gateway.requests().some(served), 'the upstream was not asked');
    });
  });

  it('serves the openai Python package', async () => {
    const told = JSON.parse(await run(PYTHON, [CLIENT, shared.baseURL, shared.key, 'closed-model']));
    assert.deepEqual(told.models, ['open-model', 'other-model', 'closed-model']);
    assert.equal(told.tokens, 16);
    assert.equal(told.pieces.length, 16);
    assert.equal(told.unknown_model.code, 'model_not_found');
  });
});
