/** Chromium and Firefox ESR as Debian ships them, headless, both driven by puppeteer-core. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe } from 'node:test';
import puppeteer from 'puppeteer-core';
import { trust } from './authority.mjs';
import { atEnd } from './cleanup.mjs';
import { untilExit, which } from './process.mjs';
import { within } from './until.mjs';

/** @typedef {import('puppeteer-core').Browser} Browser */

const QUIET = [
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How each browser is launched. One that is not installed fails the tests. */
const LAUNCH = {
  chromium: () => ({
    browser: /** @type {const} */ ('chrome'),
    executablePath: which('chromium'),
    // Without a sandbox: the tests' pages are our own, and root cannot have one.
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', ...QUIET],
  }),
  firefox: () => ({
    browser: /** @type {const} */ ('firefox'),
    executablePath: which('firefox-esr', 'firefox'),
    // Its console can be read from its own windows only (console.mjs).
    args: ['--remote-allow-system-access'],
  }),
};

/** Where each browser finds whom to trust, given a home directory of its own. */
const TRUSTING = {
  chromium: (home) => ({ env: { ...process.env, HOME: home } }),
  firefox: async (home, ca) => {
    const userDataDir = join(home, 'profile');
    await mkdir(userDataDir);
    await trust(userDataDir, ca);
    return { userDataDir, env: { ...process.env, HOME: home } };
  },
};

/**
 * Defines the same tests once for each browser, which is started once a test file.
 * @param {string} title
 * @param {(browser: () => Browser) => void} define gets the browser, which runs as soon as the tests do
 * @param {() => Promise<import('./authority.mjs').Authority>} [authority] whom a browser of these tests' own trusts
 */
export function inEachBrowser(title, define, authority) {
  for (const name of Object.keys(LAUNCH)) {
    describe(`${title}, in ${name}`, () => {
      /** @type {Browser} */
      let browser;
      before(async () => {
        browser = await (authority ? launchTrusting(name, await authority()) : launch(name));
      });
      define(() => browser);
    });
  }
}

/** @type {Map<string, Promise<Browser>>} */
const launched = new Map();

function launch(name) {
  if (!launched.has(name)) launched.set(name, start(LAUNCH[name]()));
  return launched.get(name);
}

async function launchTrusting(name, authority) {
  return start({ ...LAUNCH[name](), ...(await TRUSTING[name](await authority.home(), authority.ca)) });
}

async function start(options) {
  const browser = await puppeteer.launch({ ...options, signal: untilExit });
  atEnd(() => browser.close());
  return browser;
}

/**
 * Opens a page of the tests (lib/pages.mjs) in a new tab, which shares no cache and no connection with others.
 * @param {Browser} browser
 * @param {string} url
 * @returns {Promise<Tab>}
 */
export async function open(browser, url) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.goto(url);
  return new Tab(page);
}

/** A page, and what the functions of page/page.mjs do in it. */
export class Tab {
  /** @param {import('puppeteer-core').Page} page */
  constructor(page) {
    this.page = page;
  }

  /**
   * Calls one of the page's functions there, and returns what it returned.
   * @param {string} name
   * @param {object} [request]
   * @returns {Promise<any>}
   */
  ask(name, request = {}) {
    const answer = this.page.evaluate((name, request) => globalThis.drawbridge[name](request), name, request);
    return within(`the page to finish ${name}`, answer);
  }

  close() {
    return this.page.browserContext().close();
  }
}
