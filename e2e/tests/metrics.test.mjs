/** What an operator sees of it: metrics as Prometheus reads them. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { startGateway } from '../lib/gateway.mjs';
import { PYTHON } from '../lib/llama.mjs';
import { run } from '../lib/process.mjs';
import { until } from '../lib/until.mjs';
import { startRecorder } from '../lib/upstream.mjs';

const READER = resolve(import.meta.dirname, '../clients/metrics.py');
const PAGE = 'https://app.example.com';

describe('metrics', () => {
  it('are read by Prometheus, and count what happened', async () => {
    const upstream = await startRecorder();
    const gateway = await startGateway();
    const project = await gateway.manage.createProject();
    const { url } = await gateway.manage.createEndpoint(project.id, {
      name: 'chat',
      upstream: { base_url: upstream.baseUrl },
      cors: { allowedOrigins: [PAGE] },
    });
    const { token } = await gateway.manage.createKey({ project: project.slug, kind: 'secret' });
    const ask = async (origin) => {
      const headers = { origin, authorization: `Bearer ${token}` };
      const answer = await fetch(`${gateway.url}${url}/models`, { headers });
      await answer.text();
      return answer.status;
    };
    assert.deepEqual(await Promise.all([PAGE, PAGE, 'https://evil.example'].map(ask)), [200, 200, 403]);

    const endpoint = `${project.slug}/chat`;
    const expected = [
      ['drawbridge_requests_total', { status: '200', endpoint }, 2],
      ['drawbridge_requests_total', { status: '403', endpoint }, 1],
      ['drawbridge_cors_decisions_total', { phase: 'actual', result: 'allowed', reason: '', endpoint }, 2],
      [
        'drawbridge_cors_decisions_total',
        { phase: 'actual', result: 'refused', reason: 'origin_not_allowed', endpoint },
        1,
      ],
      ['drawbridge_request_duration_seconds_count', { endpoint }, 2],
      ['drawbridge_open_streams', { endpoint }, 0],
    ];
    // A request is counted when the gateway lets go of it, a little after its client has seen the last byte.
    await until('everything is counted', async () => {
      const samples = JSON.parse(await run(PYTHON, [READER, `${gateway.url}/metrics`]));
      const lines = new Set(samples.map((sample) => JSON.stringify(sample)));
      return expected.every((sample) => lines.has(JSON.stringify(sample)));
    });
  });
});
