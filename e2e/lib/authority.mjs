/** A certificate authority of the tests' own, which nobody trusts who was not told to. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd } from './cleanup.mjs';
import { run, which } from './process.mjs';

/**
 * @typedef {object} Authority
 * @property {string} ca its certificate, a PEM file
 * @property {string} cert a certificate of its for localhost and 127.0.0.1, a PEM file
 * @property {string} key the key of that, a PEM file
 * @property {() => Promise<string>} home makes a home directory whose trust database (NSS) has the authority
 */

const NAMES = 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n';

/** @returns {Promise<Authority>} */
export async function makeAuthority() {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-ca-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  const at = (name) => join(folder, name);
  const openssl = (...args) => run(which('openssl'), args);
  const newKey = (file) => ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-keyout', at(file)];
  const ca = ['-subj', '/CN=Drawbridge tests', '-days', '2', '-out', at('ca.pem')];
  await openssl('req', '-x509', ...newKey('ca.key'), ...ca);
  await openssl('req', ...newKey('key.pem'), '-subj', '/CN=localhost', '-out', at('csr.pem'));
  await writeFile(at('names'), NAMES);
  const signer = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2'];
  await openssl('x509', '-req', '-in', at('csr.pem'), ...signer, '-extfile', at('names'), '-out', at('cert.pem'));
  const home = async () => {
    const home = await mkdtemp(join(folder, 'home-'));
    const database = join(home, '.pki/nssdb');
    await mkdir(database, { recursive: true });
    await trust(database, at('ca.pem'));
    return home;
  };
  return { ca: at('ca.pem'), cert: at('cert.pem'), key: at('key.pem'), home };
}

/**
 * Has the browser that keeps its trust in that folder believe an authority about web servers.
 * @param {string} database an empty folder
 * @param {string} ca
 */
export async function trust(database, ca) {
  const certutil = (...args) => run(which('certutil'), ['-d', `sql:${database}`, ...args]);
  await certutil('-N', '--empty-password');
  await certutil('-A', '-n', 'Drawbridge tests', '-t', 'C,,', '-i', ca);
}
