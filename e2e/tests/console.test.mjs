/**
 * What browsers send and print for a call, as conformance/console.json says. The simulator behind `explain` is tested
 * against the same data (crates/drawbridge-policy/tests/explain), so that it is proven against browsers.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { resolve } from 'node:path';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { listenToConsole } from '../lib/console.mjs';
import { written } from '../lib/corpus.mjs';
import { listen } from '../lib/listen.mjs';
import { until } from '../lib/until.mjs';

const DATA = resolve(import.meta.dirname, '../../conformance/console.json');
const { measured, scenarios, beyond } = JSON.parse(readFileSync(DATA, 'utf8'));
const SCENARIOS = [...scenarios, ...beyond];
/** Fewer mean that the data was not read. */
const FEWEST = 175;

const PAGES = {
  '/': {},
  '/null': { 'content-security-policy': 'sandbox allow-scripts' },
  '/csp': { 'content-security-policy': "connect-src 'self'" },
  '/csp-default': { 'content-security-policy': "default-src 'self' data:" },
};

/** What `fetch` rejects with when a check has failed: it tells nothing. */
const GENERAL = ['TypeError: Failed to fetch', 'TypeError: NetworkError when attempting to fetch resource.'];

describe('the console', () => {
  /** @type {Map<string, object>} by id */
  const byId = new Map(SCENARIOS.map((one) => [one.id, one]));
  /** @type {Map<string, string[]>} what was sent, by id */
  const received = new Map();
  /** @type {Record<string, string>} what the placeholders stand for */
  let values;

  before(async () => {
    const ports = {};
    for (const name of ['page', 'server', 'other', 'gone']) ports[name] = await listen(answer);
    ports.gone.stop();
    const at = (name) => `127.0.0.1:${ports[name].port}`;
    values = {
      page: `http://localhost:${ports.page.port}`,
      server: `http://${at('server')}`,
      server_host: at('server'),
      other: `http://${at('other')}`,
      other_port: String(ports.other.port),
      gone: `http://${at('gone')}`,
    };
  });

  /** The pages, the sentinels, and what the data says at `/{id}` and, after a redirect, `/{id}/final`. */
  function answer(request, response) {
    const [path] = request.url.split('?');
    if (path in PAGES) {
      response.writeHead(200, { 'content-type': 'text/html', ...PAGES[path] });
      return response.end('<!doctype html><link rel="icon" href="data:,"><title>a page</title>');
    }
    const [, id, final] = path.split('/');
    const one = byId.get(id);
    request.resume();
    if (one === undefined) return response.end();
    note(id, final, request);
    const isPreflight = request.method === 'OPTIONS' && 'access-control-request-method' in request.headers;
    const part = final === undefined ? one : one.redirected;
    const reply = isPreflight ? part.preflight : part.answer;
    if (reply.fault !== undefined) return request.socket.destroy();
    const fields = reply.lines.flatMap((line) => {
      const [name, ...value] = written(line, values).split(':');
      return [name, value.join(':').trim()];
    });
    response.writeHead(reply.status, fields).end();
  }

  /** A browser that gets no answer may try again: that counts as once. */
  function note(id, final, { method, headers }) {
    const asked = headers['access-control-request-method'];
    const words = [final && 'then', method, asked, headers['access-control-request-headers']];
    if (headers.origin !== undefined) words.push('from', headers.origin);
    const text = words.filter((word) => word !== undefined).join(' ');
    const so_far = received.get(id) ?? [];
    if (so_far.at(-1) !== text) received.set(id, [...so_far, text]);
  }

  inEachBrowser('says, and servers see', (browser) => {
    const tabs = new Map();
    let run = 0;

    /** One tab for each kind of page: no scenario asks for a URL that another has asked for. */
    function tabAt(path) {
      const opened = async () => {
        const tab = await open(browser(), values.page + path);
        return { tab, console: await listenToConsole(tab) };
      };
      if (!tabs.has(path)) tabs.set(path, opened());
      return tabs.get(path);
    }

    before(() => received.clear());

    for (const one of SCENARIOS) {
      it(one.id, async () => {
        const version = await browser().version();
        const name = version.startsWith('firefox') ? 'firefox' : 'chromium';
        const expected = written(one, values);
        const lines = expected[name] ?? [];
        const url = expected.url ?? `${values.server}/${one.id}`;
        const { tab, console } = await tabAt(`/${one.page ?? ''}`);
        const rejected = await tab.page.evaluate(call, { url, ...expected.request });
        const thrown = rejected === undefined || GENERAL.includes(rejected) ? [] : [rejected];
        await said(tab, console);
        const printed = await until(`${lines.length} lines about ${url}`, async () => {
          const about = await console.linesAbout(url);
          const all = [...thrown, ...about, ...(await linesOfFinal(console, expected, url))];
          return all.length >= lines.length && all;
        });
        const told = `${version}; the data was measured in ${measured[name]}`;
        assert.equal(printed.length, lines.length, `${printed.join('\n')}\n${told}`);
        lines.forEach((line, index) => {
          const choices = Array.isArray(line) ? line : [line];
          assert.ok(choices.includes(printed[index]), `${printed[index]}\nis none of\n${choices.join('\n')}\n${told}`);
        });
        if (expected.sent) assert.deepEqual(seen(expected), expected.sent[name] ?? expected.sent, told);
        run += 1;
      });
    }

    after(() => console.log(`the console: ${run} of ${SCENARIOS.length} scenarios run and passed`));
    it('has scenarios', () => assert.ok(SCENARIOS.length >= FEWEST, `${SCENARIOS.length} scenarios`));
  });

  /** What was sent for a scenario. Where nothing listens, nobody can tell. */
  function seen({ id, answer, sent }) {
    return answer.fault === 'refuses' ? sent : (received.get(id) ?? []);
  }

  /** Lines about the target of a redirect to another origin, whose URL does not begin with the first one. */
  async function linesOfFinal(console, { id, redirected }, url) {
    const finals = redirected ? [values.server, values.other, values.page].map((at) => `${at}/${id}/final`) : [];
    const elsewhere = finals.filter((final) => !final.startsWith(url));
    const lines = await Promise.all(elsewhere.map((final) => console.linesAbout(final)));
    const about = await console.linesAbout(url);
    return lines.flat().filter((line) => !about.includes(line));
  }

  let sentinels = 0;

  /** Waits for the console to say what is to be said so far: the line about one more call that fails comes last. */
  async function said(tab, console) {
    sentinels += 1;
    const url = `${values.server}/sentinel-${sentinels}`;
    await tab.page.evaluate(call, { url });
    await until('the console to come to an end', async () => (await console.linesAbout(url)).length > 0);
  }
});

/** One call, in the page: what it rejected with, if it did. */
async function call({ url, via, method, headers, credentials, mode, body, upload_listener }) {
  const bodies = {
    text: () => 'text',
    form: () => new URLSearchParams({ a: 'b' }),
    stream: () => new Response('text').body,
    multipart: () => {
      const form = new FormData();
      form.append('a', 'b');
      return form;
    },
  };
  const sent = bodies[body]?.() ?? (body && new Blob(['text'], { type: body.split(':')[1] }));
  if (via !== 'xhr') {
    const duplex = body === 'stream' ? 'half' : undefined;
    return fetch(url, { method, headers, credentials, mode, body: sent, duplex }).then(() => undefined, String);
  }
  return new Promise((settle) => {
    const request = new XMLHttpRequest();
    request.open(method ?? 'GET', url);
    for (const [name, value] of Object.entries(headers ?? {})) request.setRequestHeader(name, value);
    request.withCredentials = credentials === 'include';
    if (upload_listener) request.upload.addEventListener('progress', () => {});
    request.addEventListener('loadend', () => settle(undefined));
    request.send(sent);
  });
}
