/** What MDN's HTTP Observatory says of the gateway's own answers over TLS. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { makeAuthority } from '../lib/authority.mjs';
import { startGateway } from '../lib/gateway.mjs';
import { run } from '../lib/process.mjs';

/** Its folder. The list of preloaded hosts, which it would fetch when it is installed, is empty: localhost is on none. */
async function observatory() {
  const main = createRequire(import.meta.url).resolve('@mdn/mdn-http-observatory');
  const folder = dirname(dirname(main));
  await writeFile(join(folder, 'conf/hsts-preload.json'), '{}');
  return folder;
}

describe('HTTP Observatory', () => {
  for (const [profile, path] of [
    ['standard', '/healthz'],
    ['strict', '/healthz'],
    ['standard', '/dashboard/'],
    ['strict', '/dashboard/'],
  ]) {
    it(`grades ${path} with the profile ${profile} A+`, async () => {
      const authority = await makeAuthority();
      const gateway = await startGateway(authority, { DRAWBRIDGE_SECURITY_HEADERS_PROFILE: profile });
      const program = join(await observatory(), 'src/scan.js');
      const env = { ...process.env, NODE_EXTRA_CA_CERTS: authority.ca };
      const { scan, tests } = JSON.parse(
        await run(process.execPath, [program, `localhost:${new URL(gateway.url).port}${path}`], env),
      );
      const failed = Object.entries(tests).filter(([, { pass }]) => !pass);
      assert.equal(scan.grade, 'A+', JSON.stringify({ scan, failed }));
    });
  }
});
