/**
 * The management API as its OpenAPI document describes it: some thousand generated requests, valid and not, find no
 * server error and no answer that the document does not tell of.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { before, describe, it } from 'node:test';
import { atEnd } from '../lib/cleanup.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { PYTHON } from '../lib/llama.mjs';
import { run } from '../lib/process.mjs';

const CONFIGURATION = resolve(import.meta.dirname, '../schemathesis.toml');
const SCHEMATHESIS = join(PYTHON, '../schemathesis');
/** The run takes under a minute on two idle cores. */
const DEADLINE_MS = 10 * 60_000;

describe('schemathesis', () => {
  let gateway;
  let report;

  before(async () => {
    gateway = await startGateway();
    const project = await gateway.manage.createProject();
    for (const name of ['chat', 'doomed-1', 'doomed-2', 'doomed-3']) {
      // Never called: only the management API is.
      await gateway.manage.createEndpoint(project.id, { name, upstream: { base_url: 'http://127.0.0.1:1/v1' } });
    }
    const key = await gateway.manage.createKey({ project: project.slug, kind: 'secret' });
    const doomed = await gateway.manage.createKey({ project: project.slug, kind: 'secret' });
    const folder = await mkdtemp(join(tmpdir(), 'drawbridge-e2e-'));
    atEnd(() => rm(folder, { recursive: true, force: true }));
    const configuration = join(folder, 'schemathesis.toml');
    const template = await readFile(CONFIGURATION, 'utf8');
    const values = { '<project>': project.id, '<key>': key.id, '<doomed key>': doomed.id };
    await writeFile(configuration, template.replaceAll(/<[a-z ]+>/g, (name) => values[name] ?? name));
    const args = ['--no-color', '--config-file', configuration, 'run', `${gateway.url}/openapi.json`];
    const authorization = `Authorization: Bearer ${gateway.rootKey}`;
    report = await run(SCHEMATHESIS, [...args, '--header', authorization], process.env, DEADLINE_MS);
  });

  it('tests every operation', () => {
    const [, selected, total] = report.match(/Selected: (\d+)\/(\d+)/) ?? [];
    assert.equal(selected, total);
    assert.match(report, new RegExp(`Tested: ${total}\\b`));
  });

  it('meets every kind of answer, and no failure', () => {
    const statuses = new Set(gateway.requests().map((request) => request['http.status']));
    const failures = [...statuses].filter((status) => status >= 500);
    assert.deepEqual(failures, []);
    for (const status of [200, 201, 204, 304, 400, 404, 405, 409, 412, 415, 422]) {
      assert.ok(statuses.has(status), `${status} was never answered`);
    }
  });
});
