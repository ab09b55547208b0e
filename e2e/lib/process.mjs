/** Programs that a test starts: waited for by a line of their output, ended by their own id. */
import { spawn } from 'node:child_process';
import { once, setMaxListeners } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { atEnd } from './cleanup.mjs';
import { within } from './until.mjs';

const leaving = new AbortController();
process.on('exit', () => leaving.abort());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

/**
 * Aborted when the test process ends, even without its `after` hooks: nothing may outlive it.
 * @type {AbortSignal}
 */
export const untilExit = leaving.signal;
// One for each program.
setMaxListeners(0, untilExit);

/**
 * @typedef {object} Program
 * @property {RegExpMatchArray} ready what matched
 * @property {string[]} output its lines on both streams, in the order of their arrival
 * @property {string[]} errors its lines on standard error
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a program and waits for the line of standard output that says it is ready.
 * @param {string} file
 * @param {string[]} args
 * @param {{ ready: RegExp, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<Program>}
 */
export async function start(file, args, { ready, env = process.env }) {
  const child = spawn(file, args, { env, stdio: 'pipe', signal: untilExit, killSignal: 'SIGKILL' });
  child.stdin.on('error', () => {});
  const output = [];
  const errors = [];
  createInterface(child.stderr).on('line', (line) => {
    output.push(line);
    errors.push(line);
  });
  const ended = new Promise((resolve) => {
    child.once('close', (code, signal) => resolve(`ended with ${signal ?? `exit code ${code}`}`));
    child.once('error', (failure) => resolve(`could not be started: ${failure.message}`));
  });
  const stop = () => end(child, ended);
  atEnd(stop);
  const matched = new Promise((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      output.push(line);
      const match = line.match(ready);
      if (match) resolve(match);
    });
  });
  const early = ended.then((how) => {
    throw new Error(`${file} ${how} before it was ready:\n${output.join('\n')}`);
  });
  early.catch(() => {});
  return {
    ready: await within(`${file} to print ${ready}`, Promise.race([matched, early])),
    output,
    errors,
    stop,
  };
}

/**
 * Runs a program to its end and returns what it printed; anything but exit code 0 is an error.
 * @param {string} file
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @param {number} [deadlineMs]
 * @returns {Promise<string>}
 */
export async function run(file, args, env = process.env, deadlineMs = undefined) {
  const child = spawn(file, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: untilExit,
    killSignal: 'SIGKILL',
  });
  let printed = '';
  let complaints = '';
  child.stdout.on('data', (text) => (printed += text));
  child.stderr.on('data', (text) => (complaints += text));
  try {
    const [code] = await within(`${file} to end`, once(child, 'close'), deadlineMs);
    if (code !== 0) throw new Error(`${file} ended with exit code ${code}:\n${complaints}${printed}`);
    return printed;
  } finally {
    child.kill('SIGKILL');
  }
}

/**
 * The first of these programs that PATH has.
 * @param {string[]} names
 * @returns {string}
 */
export function which(...names) {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      const file = join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // not here: look on
      }
    }
  }
  throw new Error(`none of ${names.join(', ')} is installed: run "make setup"`);
}

async function end(child, ended) {
  child.stdin.end();
  child.kill('SIGTERM');
  try {
    await within(`process ${child.pid} to end`, ended);
  } catch (failure) {
    child.kill('SIGKILL');
    throw failure;
  }
}
