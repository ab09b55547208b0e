/** A real inference server: llama.cpp's own, on a model with random weights that is written at first use. */
import { createHash } from 'node:crypto';
import { access, mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { run, start } from './process.mjs';
import { until } from './until.mjs';

const SOURCES = resolve(import.meta.dirname, '../upstream');
const CACHE = resolve(import.meta.dirname, '../.cache');
/** The Python that `make setup` gave the tests' packages. */
export const PYTHON = join(CACHE, 'python/bin/python');

/**
 * @typedef {object} Llama
 * @property {string} origin
 * @property {string} baseUrl
 * @property {string} model the name that it lists
 * @property {() => Promise<boolean>} isIdle by its own `/slots`
 * @property {() => Promise<number>} generated tokens so far, those of cancelled answers included
 */

/**
 * Starts llama.cpp's server. The large model is slow enough to be cancelled midway.
 * @param {'tiny' | 'large'} size
 * @returns {Promise<Llama>}
 */
export async function startLlama(size) {
  const model = `${size}-random`;
  const program = await start(PYTHON, [join(SOURCES, 'serve.py'), await modelFile(size), model], {
    ready: /^listening on (http:\/\/\S+)$/,
  });
  const origin = program.ready[1];
  await until(`the ${size} model to be loaded`, async () => (await fetch(`${origin}/health`)).ok);
  return {
    origin,
    baseUrl: `${origin}/v1`,
    model,
    isIdle: async () => (await json(`${origin}/slots`)).every((slot) => !slot.is_processing),
    generated: async () => {
      const metrics = await (await fetch(`${origin}/metrics`)).text();
      return Number(metrics.match(/^llamacpp:tokens_predicted_total (\d+)/m)?.[1]);
    },
  };
}

/** The model's file, written once for each version of what writes it. */
async function modelFile(size) {
  const script = join(SOURCES, 'tiny_llama.py');
  const version = createHash('sha256')
    .update(await readFile(script))
    .digest('hex')
    .slice(0, 12);
  const file = join(CACHE, 'models', `${size}-${version}.gguf`);
  try {
    await access(file);
  } catch {
    await mkdir(join(CACHE, 'models'), { recursive: true });
    await run(PYTHON, [script, file, size]);
  }
  return file;
}

async function json(url) {
  return (await fetch(url)).json();
}
