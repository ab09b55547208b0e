/** The dashboard as its users meet it: signed in, looked at, and held to its own policy. */
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { within } from './until.mjs';

const SCREENSHOTS = resolve(import.meta.dirname, '../screenshots');
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

export const WIDE = { width: 1280, height: 900 };
export const NARROW = { width: 360, height: 780 };

/** A tab of the dashboard, in a browser context of its own. */
export class Dashboard {
  #complaints = [];
  /** Another page is on its way: what the one before was still fetching breaks off, and its console says so. */
  #isLeaving = false;

  /**
   * @param {import('puppeteer-core').Browser} browser
   * @param {string} url the gateway's
   */
  static async open(browser, url) {
    const context = await browser.createBrowserContext();
    const dashboard = new Dashboard(await context.newPage(), url);
    await dashboard.#watch();
    await dashboard.page.setViewport(WIDE);
    return dashboard;
  }

  /**
   * @param {import('puppeteer-core').Page} page
   * @param {string} url
   */
  constructor(page, url) {
    this.page = page;
    this.url = url;
  }

  /** Listens to everything that the page or its policy has against it. */
  async #watch() {
    this.page.on('pageerror', (error) => this.#complaints.push(`error: ${error.message}`));
    this.page.on('console', (message) => {
      // A refusal that a form shows is a 4xx, which Chromium's console repeats.
      const isBrokenOff = this.#isLeaving && /dynamically imported module|NetworkError|aborted/i.test(message.text());
      if (message.type() === 'error' && !isBrokenOff && !/the server responded with a status of 4/.test(message.text())) {
        this.#complaints.push(message.text());
      }
    });
    // Leaving a form that was not saved asks; a test that leaves one means it.
    this.page.on('dialog', (dialog) => dialog.accept());
    await this.page.evaluateOnNewDocument(() => {
      globalThis.violations = [];
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) =>
        globalThis.violations.push(`${violatedDirective} ${blockedURI} ${sourceFile}`),
      );
    });
  }

  /** Nothing in the page failed, and nothing went against its Content-Security-Policy. */
  async isClean() {
    assert.deepEqual(await this.page.evaluate(() => globalThis.violations), []);
    assert.deepEqual(this.#complaints, []);
  }

  /** @param {string} token */
  async signIn(token) {
    await this.page.goto(`${this.url}/dashboard/`);
    await this.fill('Management key', token);
    await this.press('Sign in');
    await this.page.waitForSelector('.shell');
  }

  /** Goes to a page of the dashboard, and waits until it stands. @param {string} path below `/dashboard` */
  async visit(path) {
    this.#isLeaving = true;
    await this.page.goto(`${this.url}/dashboard${path}`);
    this.#isLeaving = false;
    await this.settled();
  }

  /** Waits until the page has its title and nothing of it is being fetched. */
  async settled() {
    await this.page.waitForSelector('main h1');
    await this.page.waitForFunction(() => document.querySelector('.loading, [aria-busy]') === null);
  }

  /** @param {string} name of a button or link, as people hear it @param {string} [role] */
  async press(name, role = 'button') {
    const pressed = this.page.locator(`::-p-aria([name="${name}"][role="${role}"])`).click();
    await pressed.catch((error) => this.#explain(error));
  }

  /** Puts text into a field, in the place of what it had. @param {string} label @param {string} text */
  async fill(label, text) {
    const field = await this.page.waitForSelector(`::-p-aria(${label})`);
    await field.focus();
    await this.page.keyboard.down('Control');
    await this.page.keyboard.press('a');
    await this.page.keyboard.up('Control');
    if (text === '') await this.page.keyboard.press('Backspace');
    else await field.type(text);
  }

  /** Waits until the page says something. @param {string | RegExp} text */
  async says(text) {
    const [source, flags] = text instanceof RegExp ? [text.source, text.flags] : [escape(text), ''];
    const shown = this.page.waitForFunction(
      (source, flags) => new RegExp(source, flags).test(document.body.innerText),
      // Not with the next frame: a tab behind another has none.
      { polling: 50 },
      source,
      flags,
    );
    await within(`the page to say ${text}`, shown).catch((error) => this.#explain(error));
  }

  /** @returns {Promise<never>} */
  async #explain(error) {
    const said = await this.page.evaluate(() => document.body.innerText);
    throw new Error(`${error.message}; the page said:\n${said}`, { cause: error });
  }

  /** What axe finds against WCAG 2.2 AA and its best practices. @returns {Promise<string[]>} */
  async accessibilityProblems() {
    await this.page.evaluate(await readFile(AXE, 'utf8'));
    return this.page.evaluate(async () => {
      const { violations } = await globalThis.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      });
      return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${help}\n${html}\n${failureSummary}`));
    });
  }

  /** Opens everything that unfolds, and says how many pixels there are to scroll sideways then. */
  overhang() {
    return this.page.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true;
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth - clientWidth;
    });
  }

  /** @param {string} name */
  async screenshot(name) {
    const browser = (await this.page.browser().version()).startsWith('Chrome') ? 'chromium' : 'firefox';
    await mkdir(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SCREENSHOTS, `${name}-${browser}.png`), fullPage: true });
  }

  /** Light or dark, by the page's own switch. @param {'light' | 'dark'} theme */
  async wear(theme) {
    await this.page.evaluate((theme) => {
      localStorage.setItem('drawbridge-theme', theme);
      document.documentElement.dataset.theme = theme;
      dispatchEvent(new Event('drawbridge-theme'));
    }, theme);
  }

  close() {
    return this.page.browserContext().close();
  }
}

function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
