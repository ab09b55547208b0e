/** `drawbridge explain --live` says of a server what the browsers' consoles say of it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { before, describe, it } from 'node:test';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { listenToConsole } from '../lib/console.mjs';
import { BINARY, withoutSettings } from '../lib/gateway.mjs';
import { listen } from '../lib/listen.mjs';
import { until } from '../lib/until.mjs';

const KEY = { authorization: 'Bearer of-the-page' };

describe('explain --live', () => {
  let page;
  let server;
  let other;

  before(async () => {
    page = `http://localhost:${(await listen(servePage)).port}`;
    server = `http://127.0.0.1:${(await listen(answer)).port}`;
    other = `http://127.0.0.1:${(await listen(answer)).port}`;
  });

  // In this very case: Firefox counts the lines of a doubled header by it, and calls it a mismatch in another.
  const allowed = () => ['Access-Control-Allow-Origin', page];
  const listing = (name, value) => [...allowed(), `access-control-allow-${name}`, value];

  /** What the page asks for, and what is answered: a status and header lines, to the preflight and to the request. */
  const SCENARIOS = {
    allowed: { preflight: () => [204, listing('headers', 'Authorization')], answer: () => [200, allowed()], headers: KEY },
    missing: { answer: () => [200, []] },
    authentication: { preflight: () => [401, []], headers: KEY },
    'authentication-that-speaks-cors': { preflight: () => [401, allowed()], headers: KEY },
    redirected: { preflight: () => [301, ['location', '/elsewhere', ...allowed()]], headers: KEY },
    'another-origin': { answer: () => [200, ['access-control-allow-origin', 'https://app.example.com']] },
    doubled: { answer: () => [200, [...allowed(), ...allowed()]] },
    'wildcard-with-credentials': {
      answer: () => [200, ['access-control-allow-origin', '*', 'access-control-allow-credentials', 'true']],
      credentials: true,
    },
    'no-credentials': { answer: () => [200, allowed()], credentials: true },
    'header-not-listed': { preflight: () => [204, listing('headers', 'Content-Type')], headers: KEY },
    'method-not-listed': { preflight: () => [204, listing('methods', 'GET, POST')], method: 'PUT' },
    'error-without-cors': {
      preflight: () => [204, listing('headers', 'Authorization')],
      answer: () => [500, []],
      headers: KEY,
    },
    'authorization-by-wildcard': {
      preflight: () => [204, listing('headers', '*')],
      answer: () => [200, allowed()],
      headers: KEY,
    },
    'to-another-server': {
      answer: () => [302, ['location', `${other}/to-another-server/final`, ...allowed()]],
      final: () => [200, allowed()],
    },
  };

  function servePage(_, response) {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<!doctype html><link rel="icon" href="data:,"><title>a page</title>');
  }

  function answer(request, response) {
    const [, name, final] = request.url.split('/');
    const scenario = SCENARIOS[name] ?? {};
    const isPreflight = 'access-control-request-method' in request.headers;
    const part = final === undefined ? scenario[isPreflight ? 'preflight' : 'answer'] : scenario.final;
    const [status, headers] = part?.() ?? [404, []];
    response.writeHead(status, headers).end();
  }

  /** What the command says that a browser's console says. */
  async function told(name, browser) {
    const { method = 'GET', headers = {}, credentials } = SCENARIOS[name];
    const lines = Object.entries(headers).flatMap(([field, value]) => ['--header', `${field}: ${value}`]);
    const call = ['--method', method, ...lines, ...(credentials ? ['--credentials'] : [])];
    const args = ['explain', '--json', '--live', `${server}/${name}`, '--origin', page, ...call];
    const report = await new Promise((resolve) => {
      const env = withoutSettings(process.env);
      execFile(BINARY, args, { env }, (_, stdout, stderr) => resolve(stdout === '' ? stderr : JSON.parse(stdout)));
    });
    assert.equal(typeof report, 'object', report);
    return { verdict: report.verdict, lines: report.console[browser]?.split('\n') ?? [] };
  }

  inEachBrowser('says what the console says', (browser) => {
    let tab;
    let console;

    before(async () => {
      tab = await open(browser(), page);
      console = await listenToConsole(tab);
    });

    for (const [name, scenario] of Object.entries(SCENARIOS)) {
      it(name, async () => {
        const isFirefox = (await browser().version()).startsWith('firefox');
        const expected = await told(name, isFirefox ? 'firefox' : 'chromium');
        const url = `${server}/${name}`;
        const { method, headers, credentials } = scenario;
        const outcome = await call(url, { method, headers, credentials: credentials ? 'include' : 'omit' });
        assert.equal(outcome, expected.verdict);
        // The console has said it all when it has said what comes last.
        const last = `${server}/last-${name}`;
        await call(last);
        await until('the console to come to an end', async () => (await console.linesAbout(last)).length > 0);
        const printed = [...(await console.linesAbout(url)), ...(await console.linesAbout(`${other}/${name}`))];
        assert.deepEqual([...new Set(printed)], [...new Set(expected.lines)]);
      });
    }

    function call(url, options) {
      const fetched = (url, options) => fetch(url, options).then(() => 'allowed', () => 'blocked');
      return tab.page.evaluate(fetched, url, options);
    }
  });
});
