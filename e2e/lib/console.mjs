/** What a browser's console says of one URL: the lines of CORS and of its kin, which pages cannot read. */

/**
 * @typedef {object} Console
 * @property {(url: string) => Promise<string[]>} linesAbout what it has said of that URL, and of those below it
 */

/**
 * Listens to the console of a tab.
 * @param {import('./browser.mjs').Tab} tab
 * @returns {Promise<Console>}
 */
export async function listenToConsole(tab) {
  const browser = tab.page.browser();
  return (await browser.version()).startsWith('firefox') ? firefox(browser) : chromium(tab.page);
}

/** What Chromium adds to every failure, and what it says of statuses. */
const OF_NO_INTEREST = /net::ERR_FAILED$|the server responded with a status of/;

async function chromium(page) {
  const session = await page.createCDPSession();
  const entries = [];
  session.on('Log.entryAdded', ({ entry }) => entries.push(entry));
  await session.send('Log.enable');
  const isAbout = (url) => (entry) => mentions(entry.text, url) || entry.url === url || entry.url?.startsWith(`${url}/`);
  return {
    linesAbout: async (url) =>
      entries
        .filter(isAbout(url))
        .map(({ text }) => text)
        .filter((text) => !OF_NO_INTEREST.test(text)),
  };
}

/** Firefox tells its lines to nobody but its own windows: they are asked, over the same connection. */
async function firefox(browser) {
  const { result } = await browser.connection.send('browsingContext.getTree', { 'moz:scope': 'chrome' });
  const target = { context: result.contexts[0].context };
  const expression = `JSON.stringify(Services.console.getMessageArray()
    .filter((message) => message instanceof Ci.nsIScriptError && /^(CORS|CSP|SOP)/.test(message.category))
    .map((message) => message.errorMessage))`;
  return {
    linesAbout: async (url) => {
      const evaluate = { expression, target, awaitPromise: false };
      const { result } = await browser.connection.send('script.evaluate', evaluate);
      return JSON.parse(result.result.value).filter((line) => mentions(line, url));
    },
  };
}

/** Whether the line names that URL, or one below it, and not one that merely begins like it. */
function mentions(line, url) {
  const behind = line.split(url).slice(1);
  return behind.some((rest) => !/^[\w-]/.test(rest));
}
