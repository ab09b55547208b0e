/** The main job: a page on one origin talks to an inference server through the gateway on another. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { startLlama } from '../lib/llama.mjs';
import { SDKS, startSite } from '../lib/pages.mjs';

const MESSAGES = [{ role: 'user', content: 'tell me something new' }];
const TOKENS = 24;

describe('a page of an origin that the endpoint lists', () => {
  /** @type {Awaited<ReturnType<typeof startLlama>>} */
  let llama;
  let sites;
  let plain;
  let forSdk;

  before(async () => {
    llama = await startLlama('tiny');
    sites = Object.fromEntries(
      await Promise.all(SDKS.map(async (sdk) => [sdk, await startSite('localhost', sdk)])),
    );
    const gateway = await startGateway();
    const project = await gateway.manage.createProject();
    const allowedOrigins = Object.values(sites);
    const upstream = { base_url: llama.baseUrl };
    const models = [llama.model];
    await gateway.manage.createEndpoint(project.id, {
      name: 'plain',
      models,
      upstream,
      cors: { allowedOrigins },
    });
    await gateway.manage.createEndpoint(project.id, {
      name: 'sdk',
      models,
      upstream,
      cors: { allowedOrigins, allowedHeaders: ['Content-Type', 'Authorization', '@openai'] },
    });
    const { token: key } = await gateway.manage.createKey({ project: project.slug, kind: 'publishable' });
    plain = { baseURL: `${gateway.url}/${project.id}/plain/v1`, key };
    forSdk = { baseURL: `${gateway.url}/${project.id}/sdk/v1`, key };
  });

  const request = (more = {}) => ({
    model: llama.model,
    messages: MESSAGES,
    max_tokens: TOKENS,
    seed: 1,
    ...more,
  });

  inEachBrowser('with fetch', (browser) => {
    it('completes', async () => {
      const tab = await open(browser(), sites.openai);
      const answer = await tab.ask('call', {
        url: `${plain.baseURL}/chat/completions`,
        method: 'POST',
        headers: { authorization: `Bearer ${plain.key}`, 'content-type': 'application/json' },
        body: JSON.stringify(request()),
      });
      assert.equal(answer.status, 200, answer.error);
      assert.equal(JSON.parse(answer.body).usage.completion_tokens, TOKENS);
      assert.match(answer.headers['x-request-id'], /^[\w.-]+$/, 'an exposed header is readable');
      assert.equal(answer.headers.server, undefined, 'one that is not exposed is not');
    });

    it('streams to the end', async () => {
      const tab = await open(browser(), sites.openai);
      const answer = await tab.ask('stream', { ...plain, request: request() });
      assert.equal(answer.status, 200);
      assert.match(answer.type, /^text\/event-stream/);
      assert.equal(answer.pieces.length, TOKENS);
      assert.ok(answer.isDone);
    });
  });

  for (const sdk of SDKS) {
    inEachBrowser(`with the SDK ${sdk}`, (browser) => {
      it('completes', async () => {
        const tab = await open(browser(), sites[sdk]);
        const answer = await tab.ask('complete', { ...forSdk, request: request() });
        assert.equal(answer.error, undefined);
        assert.ok(answer.content.split(' ').length > TOKENS / 2, answer.content);
        assert.match(answer.requestId, /^[\w.-]+$/, 'the SDK reads the request id');
      });

      it('streams', async () => {
        const tab = await open(browser(), sites[sdk]);
        const answer = await tab.ask('completeStreaming', { ...forSdk, request: request() });
        assert.equal(answer.error, undefined);
        assert.equal(answer.pieces.length, TOKENS);
        assert.equal(answer.finish, 'length');
      });

      it('lists the models', async () => {
        const tab = await open(browser(), sites[sdk]);
        const answer = await tab.ask('models', forSdk);
        assert.deepEqual(answer.names, [llama.model]);
      });

      it('reads that its key is unknown', async () => {
        const tab = await open(browser(), sites[sdk]);
        const { error } = await tab.ask('complete', { ...forSdk, key: 'sk-unknown', request: request() });
        assert.equal(error.kind, 'AuthenticationError');
        assert.equal(error.status, 401);
        assert.equal(error.code, 'invalid_key');
        assert.match(error.requestId, /^[\w.-]+$/);
      });

      it('reads that the model is unknown', async () => {
        const tab = await open(browser(), sites[sdk]);
        const { error } = await tab.ask('complete', {
          ...forSdk,
          request: request({ model: 'no-such-model' }),
        });
        assert.equal(error.kind, 'NotFoundError');
        assert.equal(error.status, 404);
        assert.equal(error.code, 'model_not_found');
      });
    });
  }
});
