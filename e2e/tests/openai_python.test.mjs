/** From server to server: OpenAI's Python package sends no Origin, and no policy stands in its way. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { before, describe, it } from 'node:test';
import { makeAuthority } from '../lib/authority.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { PYTHON, startLlama } from '../lib/llama.mjs';
import { run } from '../lib/process.mjs';

const CLIENT = resolve(import.meta.dirname, '../clients/openai_python.py');

const WAYS = {
  'over HTTP/1.1': { https: false, offered: undefined, spoken: 'HTTP/1.1' },
  'over HTTPS and HTTP/1.1': { https: true, offered: '1', spoken: 'HTTP/1.1' },
  'over HTTPS and HTTP/2': { https: true, offered: '2', spoken: 'HTTP/2' },
};

for (const [way, { https, offered, spoken }] of Object.entries(WAYS)) {
  describe(`the openai Python package, ${way}`, () => {
    let llama;
    let told;

    before(async () => {
      llama = await startLlama('tiny');
      const authority = https ? await makeAuthority() : undefined;
      const gateway = await startGateway(authority);
      const project = await gateway.manage.createProject();
      const { url } = await gateway.manage.createEndpoint(project.id, {
        name: 'chat',
        models: [llama.model],
        upstream: { base_url: llama.baseUrl },
        cors: { allowedOrigins: ['https://app.example.com'] },
      });
      const { token } = await gateway.manage.createKey({ project: project.slug, kind: 'secret' });
      const tls = authority ? [authority.ca, offered] : [];
      told = JSON.parse(await run(PYTHON, [CLIENT, gateway.url + url, token, llama.model, ...tls]));
    });

    it('speaks what was agreed on', () => assert.equal(told.http_version, spoken));

    it('completes', () => {
      assert.equal(told.tokens, 16);
      assert.match(told.request_id, /^[\w.-]+$/);
    });

    it('streams what a model says', () => assert.equal(told.pieces.length, 16));

    it('lists the models', () => assert.deepEqual(told.models, [llama.model]));

    it('raises its own error for an unknown key', () => {
      assert.deepEqual(told.unknown_key, { kind: 'AuthenticationError', status: 401, code: 'invalid_key' });
    });

    it('raises its own error for an unknown model', () => {
      assert.deepEqual(told.unknown_model, { kind: 'NotFoundError', status: 404, code: 'model_not_found' });
    });
  });
}
