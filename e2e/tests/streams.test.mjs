/** Streams of 10,000 chunks arrive whole and in order, whoever asks, and however the two sides are spoken to. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { before, describe, it } from 'node:test';
import { makeAuthority } from '../lib/authority.mjs';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { PYTHON } from '../lib/llama.mjs';
import { assertBody, assertPieces, BODY, PIECES, startLongStream } from '../lib/long_stream.mjs';
import { startSite } from '../lib/pages.mjs';
import { run, which } from '../lib/process.mjs';

const PYTHON_CLIENT = resolve(import.meta.dirname, '../clients/openai_stream.py');

/** How many streams h2load takes, on how many connections. */
const AT_ONCE = { streams: 4, connections: 2 };

/**
 * An endpoint, and what a client needs to call it.
 * @typedef {{ baseURL: string, secret: string, publishable: string, ca: string }} Target
 */

/**
 * The programs, by the scheme that they speak to the gateway. Each takes a stream and fails unless it is whole.
 * @type {Record<string, Record<string, (target: Target) => Promise<void>>>}
 */
const PROGRAMS = {
  http: {
    'curl, HTTP/1.1': curl('1.1', '--http1.1'),
    'curl, HTTP/1.1, an upgrade to HTTP/2 offered': curl('1.1', '--http2'),
    'curl, HTTP/2 by prior knowledge': curl('2', '--http2-prior-knowledge'),
    nghttp,
    h2load,
    'the openai Python package, HTTP/1.1': openai('HTTP/1.1'),
  },
  https: {
    'curl, HTTP/1.1 over TLS 1.2': curl('1.1', '--http1.1', '--tlsv1.2', '--tls-max', '1.2'),
    'curl, HTTP/1.1 over TLS 1.3': curl('1.1', '--http1.1', '--tlsv1.3'),
    'curl, HTTP/2 over TLS 1.2': curl('2', '--http2', '--tlsv1.2', '--tls-max', '1.2'),
    'curl, HTTP/2 over TLS 1.3': curl('2', '--http2', '--tlsv1.3'),
    nghttp,
    h2load,
    'the openai Python package, HTTP/1.1': openai('HTTP/1.1', '1'),
    'the openai Python package, HTTP/2': openai('HTTP/2', '2'),
  },
};

/** By what a page reads a stream: functions of page/page.mjs. */
const IN_PAGES = { fetch: 'stream', 'the SDK': 'completeStreaming' };

function curl(version, ...flags) {
  return async ({ baseURL, secret, ca }) => {
    const always = ['--silent', '--show-error', '--cacert', ca];
    const told = ['--write-out', '%{response_code} %{http_version}'];
    const headers = ['--header', `authorization: Bearer ${secret}`, '--header', 'content-type: application/json'];
    const body = ['--data', '{"model":"long","messages":[],"stream":true}'];
    const args = [...always, ...flags, ...told, ...headers, ...body, `${baseURL}/chat/completions`];
    const answer = await run(which('curl'), args);
    const about = `200 ${version}`;
    assert.equal(answer.slice(-about.length), about);
    assertBody(answer.slice(0, -about.length));
  };
}

async function nghttp({ baseURL, secret, ca }) {
  const env = { ...process.env, SSL_CERT_FILE: ca };
  const header = ['--header', `authorization: Bearer ${secret}`];
  assertBody(await run(which('nghttp'), [...header, `${baseURL}/chat/completions`], env));
}

/** It keeps no body: that none lost anything is told by the sum of their bytes. */
async function h2load({ baseURL, secret, ca }) {
  const { streams, connections } = AT_ONCE;
  const load = ['--requests', `${streams}`, '--clients', `${connections}`, '--max-concurrent-streams', `${streams}`];
  const header = ['--header', `authorization: Bearer ${secret}`];
  const env = { ...process.env, SSL_CERT_FILE: ca };
  const told = await run(which('h2load'), [...load, ...header, `${baseURL}/chat/completions`], env);
  assert.match(told, /Application protocol: h2/);
  assert.match(told, new RegExp(`${streams} succeeded, 0 failed, 0 errored, 0 timeout`));
  assert.match(told, new RegExp(`status codes: ${streams} 2xx`));
  assert.match(told, new RegExp(`\\(${streams * Buffer.byteLength(BODY)}\\) data`));
}

function openai(spoken, offered = undefined) {
  return async ({ baseURL, secret, ca }) => {
    const tls = offered ? [ca, offered] : [];
    const told = JSON.parse(await run(PYTHON, [PYTHON_CLIENT, baseURL, secret, ...tls]));
    assert.equal(told.http_version, spoken);
    assertPieces(told.pieces);
  };
}

/** One authority for the whole file; made at first use, when the tests run. */
let made;
const authority = () => (made ??= makeAuthority());

describe(`a stream of ${PIECES.length} chunks`, () => {
  let site;
  /** @type {Record<string, Target>} by the schemes of gateway and upstream */
  const targets = {};

  before(async () => {
    site = await startSite();
    const tls = await authority();
    const cors = { allowedOrigins: [site], allowedHeaders: ['Content-Type', 'Authorization', '@openai'] };
    const upstreams = {
      http: { base_url: await startLongStream() },
      https: { base_url: await startLongStream(tls), ca_certificate: await readFile(tls.ca, 'utf8') },
    };
    for (const scheme of Object.keys(PROGRAMS)) {
      const gateway = await startGateway(scheme === 'https' ? tls : undefined);
      const project = await gateway.manage.createProject();
      const key = async (kind) => (await gateway.manage.createKey({ project: project.slug, kind })).token;
      const keys = { secret: await key('secret'), publishable: await key('publishable') };
      for (const [name, upstream] of Object.entries(upstreams)) {
        const { url } = await gateway.manage.createEndpoint(project.id, { name, upstream, cors });
        targets[`${scheme} ${name}`] = { baseURL: gateway.url + url, ca: tls.ca, ...keys };
      }
    }
  });

  /** Defines tests of the gateway by each scheme, in front of an upstream by each. */
  function forEachTarget(define) {
    for (const scheme of Object.keys(PROGRAMS)) {
      for (const upstream of ['http', 'https']) {
        const target = () => targets[`${scheme} ${upstream}`];
        describe(`over ${scheme}, from an ${upstream} upstream`, () => define(target, scheme));
      }
    }
  }

  describe('reaches a program', () => {
    forEachTarget((target, scheme) => {
      for (const [name, take] of Object.entries(PROGRAMS[scheme])) it(name, () => take(target()));
    });
  });

  const inPages = (browser) => {
    let tab;

    before(async () => {
      tab = await open(browser(), site);
    });

    forEachTarget((target) => {
      for (const [name, read] of Object.entries(IN_PAGES)) {
        it(`by ${name}`, async () => {
          const { baseURL, publishable: key } = target();
          const answer = await tab.ask(read, { baseURL, key, request: { model: 'long', messages: [] } });
          assert.equal(answer.error, undefined);
          assertPieces(answer.pieces);
        });
      }
    });
  };
  inEachBrowser('reaches a page', inPages, authority);
});

describe('a stream that did not arrive as it was sent', () => {
  const [AT, LAST] = [4321, PIECES.length - 1];
  const swapped = [PIECES[AT + 1], PIECES[AT]];
  const DAMAGED = {
    'without a chunk in its middle': PIECES.toSpliced(AT, 1),
    'with two chunks swapped': PIECES.toSpliced(AT, 2, ...swapped),
    'with a chunk twice': PIECES.toSpliced(AT, 0, PIECES[AT]),
    'without its end': PIECES.slice(0, LAST),
    'with more behind its end': [...PIECES, 'more'],
  };
  for (const [title, pieces] of Object.entries(DAMAGED)) {
    it(`is not taken for whole ${title}`, () => {
      assert.throws(() => assertPieces(pieces), /^AssertionError.*chunk \d+ is/);
    });
  }
});
