/** The gateway under test: the built program itself, on a free port, with a data directory of its own. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { atEnd } from './cleanup.mjs';
import { Management } from './manage.mjs';
import { start } from './process.mjs';

/** The program under test. */
export const BINARY =
  process.env.DRAWBRIDGE_BINARY ?? resolve(import.meta.dirname, '../../target/debug/drawbridge');

const LISTENING = /^drawbridge listening on (https?:\/\/\S+)$/;

/**
 * @typedef {object} Gateway
 * @property {string} url where calls go
 * @property {string} management where it is managed: the same, without `admin.listen`
 * @property {string} rootKey
 * @property {Management} manage with the root key
 * @property {() => object[]} requests its log so far: one entry a request
 */

/**
 * @param {import('./authority.mjs').Authority} [authority] whose certificate it speaks HTTPS with
 * @param {Record<string, string>} [settings] environment variables
 * @returns {Promise<Gateway>}
 */
export async function startGateway(authority, settings = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'drawbridge-e2e-'));
  atEnd(() => rm(dataDir, { recursive: true, force: true }));
  const rootKey = `root-${randomBytes(24).toString('hex')}`;
  const tls = authority ? ['--tls-cert', authority.cert, '--tls-key', authority.key] : [];
  const program = await start(BINARY, ['serve', '--listen', '127.0.0.1:0', '--data-dir', dataDir, ...tls], {
    // The last line of the two, where management has an address of its own.
    ready: settings.DRAWBRIDGE_ADMIN_LISTEN ? /^drawbridge management listening on (\S+)$/ : LISTENING,
    env: { ...withoutSettings(process.env), DRAWBRIDGE_ROOT_KEY: rootKey, ...settings },
  });
  const management = program.ready[1];
  const url = program.output.map((line) => line.match(LISTENING)).find(Boolean)[1];
  const requests = () => program.errors.flatMap(request);
  return { url, management, rootKey, manage: new Management(management, rootKey, authority?.ca), requests };
}

/**
 * The environment without settings that the caller's shell may have for another gateway.
 * @param {NodeJS.ProcessEnv} environment
 */
export function withoutSettings(environment) {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('DRAWBRIDGE_')));
}

function request(line) {
  try {
    const entry = JSON.parse(line);
    return 'http.status' in entry ? [entry] : [];
  } catch {
    return [];
  }
}
