/**
 * The conformance corpus (conformance/cases.json), as far as browsers run it: the cases with a `browser` member.
 * conformance/README.md describes the fields. One that is not known here is an error, never ignored.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const CASES = resolve(import.meta.dirname, '../../conformance/cases.json');

const KNOWN = {
  // `send` and `expect` are the same on the wire, for the other runners.
  case: [
    'id',
    'why',
    'policy',
    'endpoint',
    'key',
    'to',
    'send',
    'body',
    'upstream',
    'expect',
    'excluded',
    'browser',
  ],
  browser: ['page', 'fetch', 'resolves', 'status', 'reads', 'hidden', 'forwarded'],
  fetch: ['path', 'method', 'headers', 'body', 'credentials'],
  upstream: ['status', 'lines', 'chunks', 'fault'],
};

/**
 * @typedef {object} Case
 * @property {string} id
 * @property {object} policy the endpoint's `cors`
 * @property {object} [endpoint] its further members
 * @property {{ status: number, lines?: string[], chunks?: string[], fault?: string }} upstream
 * @property {{
 *   page: string,
 *   fetch: { path: string } & RequestInit,
 *   resolves: boolean, status?: number, reads?: string[], hidden?: string[], forwarded: boolean,
 * }} browser
 */

/**
 * The cases for browsers. Placeholders stay as they are: see `written`.
 * @returns {Case[]}
 */
export function browserCases() {
  const { base, groups } = JSON.parse(readFileSync(CASES, 'utf8'));
  const cases = groups.flatMap(({ each = {}, cases }) =>
    cases.map((patch) => merge(merge(base, each), patch)),
  );
  const forBrowsers = cases.filter((one) => one.browser !== undefined);
  forBrowsers.forEach(assertKnown);
  return forBrowsers;
}

/**
 * The same value with every placeholder put in. A `{word}` that has no value is an error.
 * @param {any} value
 * @param {Record<string, string>} values by name, without the braces
 * @returns {any}
 */
export function written(value, values) {
  if (typeof value === 'string') {
    return value.replace(/\{([a-z_]+)\}/g, (placeholder, name) => {
      if (!(name in values)) throw new Error(`nobody knows ${placeholder}`);
      return values[name];
    });
  }
  if (Array.isArray(value)) return value.map((item) => written(item, values));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, written(member, values)]));
}

/** RFC 7396: objects are laid over one another, null takes a member away, anything else replaces. */
function merge(target, patch) {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const merged = target === null || typeof target !== 'object' || Array.isArray(target) ? {} : { ...target };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = merge(merged[name], value);
  }
  return merged;
}

function assertKnown(one) {
  const { fault } = one.upstream;
  if (fault !== undefined && fault !== 'refuses') throw new Error(`case ${one.id}: unknown fault ${fault}`);
  const parts = { case: one, browser: one.browser, fetch: one.browser.fetch, upstream: one.upstream };
  for (const [part, members] of Object.entries(parts)) {
    const unknown = Object.keys(members).filter((name) => !KNOWN[part].includes(name));
    if (unknown.length > 0) throw new Error(`case ${one.id}: unknown ${part} member ${unknown.join(', ')}`);
  }
}
