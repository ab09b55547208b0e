/** The gateway's own errors can be read by the page that caused them: status, code and message. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { startSite } from '../lib/pages.mjs';
import { startRecorder } from '../lib/upstream.mjs';

const BODY_LIMIT = 256;

describe('an admitted page reads', () => {
  let site;
  let project;
  let gateway;
  let key;

  before(async () => {
    const upstream = await startRecorder();
    const gone = await startRecorder();
    gone.stop();
    site = await startSite();
    gateway = await startGateway();
    project = await gateway.manage.createProject();
    const cors = { allowedOrigins: [site] };
    await gateway.manage.createEndpoint(project.id, {
      name: 'chat',
      models: ['known'],
      upstream: { base_url: upstream.baseUrl },
      cors,
      limits: { max_body_bytes: BODY_LIMIT },
    });
    await gateway.manage.createEndpoint(project.id, {
      name: 'gone',
      upstream: { base_url: gone.baseUrl },
      cors,
    });
    key = (await gateway.manage.createKey({ project: project.slug, kind: 'publishable' })).token;
  });

  const CASES = [
    { what: 'that a key is needed', status: 401, code: 'missing_key', change: { authorization: undefined } },
    {
      what: 'that its key is unknown',
      status: 401,
      code: 'invalid_key',
      change: { authorization: 'Bearer unknown' },
    },
    { what: 'that a model is unknown', status: 404, code: 'model_not_found', body: { model: 'unknown' } },
    { what: 'that a path is unknown', status: 404, code: 'route_not_found', path: 'chat/v2/completions' },
    {
      what: 'that its body is too large',
      status: 413,
      code: 'body_too_large',
      body: { model: 'known', user: 'u'.repeat(BODY_LIMIT) },
    },
    {
      what: 'that the upstream is down',
      status: 502,
      code: 'upstream_unreachable',
      path: 'gone/v1/chat/completions',
    },
  ];

  inEachBrowser('with fetch', (browser) => {
    for (const {
      what,
      status,
      code,
      change = {},
      body = { model: 'known' },
      path = 'chat/v1/chat/completions',
    } of CASES) {
      it(`${what}: ${status} ${code}`, async () => {
        const tab = await open(browser(), site);
        const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...change };
        if (headers.authorization === undefined) delete headers.authorization;
        const url = `${gateway.url}/${project.id}/${path}`;
        const answer = await tab.ask('call', { url, method: 'POST', headers, body: JSON.stringify(body) });
        assert.equal(answer.status, status, answer.error);
        const { error } = JSON.parse(answer.body);
        assert.equal(error.code, code);
        assert.ok(error.message.length > 0);
        assert.match(answer.headers['x-request-id'], /^[\w.-]+$/, 'with the id to ask the operator about');
      });
    }
  });
});
