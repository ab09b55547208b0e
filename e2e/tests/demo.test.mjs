/** `drawbridge demo` does what it says: one origin streams an answer, the other is blocked until it is let in. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { inEachBrowser, open } from '../lib/browser.mjs';
import { BINARY, withoutSettings } from '../lib/gateway.mjs';
import { run, start } from '../lib/process.mjs';
import { until } from '../lib/until.mjs';

describe('the demo', () => {
  inEachBrowser('opened', (browser) => {
    /** @type {import('../lib/process.mjs').Program} */
    let demo;
    let page;
    /** What the browser's console said about the frame's call. */
    const complaints = [];

    before(async () => {
      demo = await start(BINARY, ['demo', '--listen', '127.0.0.1:0'], {
        ready: /^drawbridge demo: open (http:\/\/\S+)$/,
        env: withoutSettings(process.env),
      });
      page = (await open(browser(), demo.ready[1])).page;
      page.on('console', (message) => complaints.push(message.text()));
    });

    const shown = (where, id) => where.$eval(`#${id}`, (element) => element.textContent.trim());

    /** The frame of the other origin. */
    async function elsewhere() {
      const frame = await (await page.waitForSelector('#frame')).contentFrame();
      await frame.waitForFunction(() => document.getElementById('origin')?.textContent !== '');
      return frame;
    }

    /** Asks from both pages and waits for both outcomes. */
    async function ask() {
      const frame = await elsewhere();
      await page.click('#send');
      await page.waitForSelector('#outcome.ok, #outcome.bad');
      await frame.waitForSelector('#status.ok, #status.bad');
      return frame;
    }

    it('streams an answer to the listed origin and shows what the other one gets', async () => {
      const frame = await ask();
      assert.match(await shown(page, 'outcome'), /^HTTP 200, first word after \d+ ms, \d+ pieces/);
      assert.match(await shown(page, 'answer'), /demo/i, 'the answer says what it comes from');
      assert.equal(await shown(frame, 'status'), 'The browser blocked the call.');
      assert.match(await shown(frame, 'error'), /^TypeError: /);
      // Firefox's driver does not pass on what its console says about CORS.
      if ((await browser().version()).startsWith('Chrome')) {
        const claim = await shown(frame, 'console');
        assert.ok(complaints.includes(claim), `${claim}\nbut it said:\n${complaints.join('\n')}`);
      }
    });

    it('lets the other origin in by the command that it shows', async () => {
      const lines = demo.output.map((line) => line.trim().replace(/ \\$/, ''));
      const setting = (name) => lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1);
      const command = lines.find((line) => line.includes(' endpoint update '))?.split(' ') ?? [];
      const env = {
        ...process.env,
        DRAWBRIDGE_URL: setting('DRAWBRIDGE_URL'),
        DRAWBRIDGE_KEY: setting('DRAWBRIDGE_KEY'),
      };
      await run(BINARY, command.slice(1), env);
      const frame = await elsewhere();
      await ask();
      await until(
        'the frame to show the answer',
        async () => (await shown(frame, 'status')) === 'The browser let the answer through.',
      );
    });

    it('ends when it is told to', async () => {
      await demo.stop();
      assert.equal(demo.output.at(-1), 'stopped');
    });
  });
});
