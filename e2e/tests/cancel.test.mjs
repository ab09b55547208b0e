/** A page that leaves midway stops the generation: told by the tokens that the server made, never by the clock. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { startLlama } from '../lib/llama.mjs';
import { startSite } from '../lib/pages.mjs';
import { until } from '../lib/until.mjs';

/** Over a minute's worth of the large model, if nothing stops it. */
const TOKENS = 8000;
const PIECES = 3;

describe('an answer that is cancelled midway', () => {
  /** @type {Awaited<ReturnType<typeof startLlama>>} */
  let llama;
  let site;
  let options;

  before(async () => {
    llama = await startLlama('large');
    site = await startSite();
    const gateway = await startGateway();
    const project = await gateway.manage.createProject();
    const endpoint = await gateway.manage.createEndpoint(project.id, {
      name: 'chat',
      models: [llama.model],
      upstream: { base_url: llama.baseUrl },
      cors: { allowedOrigins: [site], allowedHeaders: ['Content-Type', 'Authorization', '@openai'] },
    });
    const { token: key } = await gateway.manage.createKey({ project: project.slug, kind: 'publishable' });
    const messages = [{ role: 'user', content: 'tell me everything' }];
    options = {
      baseURL: gateway.url + endpoint.url,
      key,
      // `ignore_eos` is llama.cpp's own: nothing but a cancellation ends this early.
      request: { model: llama.model, messages, max_tokens: TOKENS, ignore_eos: true },
    };
  });

  /** Waits until the server is idle and returns how many tokens it made for what `leave` did. */
  async function tokensUntilIdle(leave) {
    const before = await llama.generated();
    const outcome = await leave();
    await until('the server to be idle', llama.isIdle);
    return { outcome, tokens: (await llama.generated()) - before };
  }

  function assertStopped(tokens) {
    assert.ok(tokens >= PIECES, `the server was generating: ${tokens} tokens`);
    assert.ok(tokens < TOKENS / 2, `the server was stopped before the end: ${tokens} of ${TOKENS} tokens`);
  }

  inEachBrowser('with the SDK', (browser) => {
    it('stops the server', async () => {
      const tab = await open(browser(), site);
      const { outcome, tokens } = await tokensUntilIdle(() =>
        tab.ask('completeStreaming', { ...options, cancelAfter: PIECES }),
      );
      assert.equal(outcome.error, undefined, 'the SDK ends a stream that its caller aborts without an error');
      assert.ok(outcome.pieces.length >= PIECES);
      assert.equal(outcome.finish, null);
      assertStopped(tokens);
    });
  });

  inEachBrowser('with fetch', (browser) => {
    it('stops the server', async () => {
      const tab = await open(browser(), site);
      const { outcome, tokens } = await tokensUntilIdle(() =>
        tab.ask('stream', { ...options, cancelAfter: PIECES }),
      );
      assert.equal(outcome.error, 'AbortError');
      assertStopped(tokens);
    });

    it('stops the server when its tab is closed', async () => {
      const tab = await open(browser(), site);
      const { tokens } = await tokensUntilIdle(async () => {
        tab.ask('stream', options).catch(() => {}); // the tab is closed under it
        await until('the page to read some of it', async () => (await tab.ask('piecesRead')) >= PIECES);
        await tab.close();
      });
      assertStopped(tokens);
    });
  });
});
