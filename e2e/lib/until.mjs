/**
 * Waiting for a condition. The deadline is generous: it only turns a hang into a failure that says what was
 * waited for, and no test may depend on it.
 */
import { setTimeout as delay } from 'node:timers/promises';

const DEADLINE_MS = 60_000;
const POLL_MS = 10;

/**
 * Asks again and again until `check` gives something true, and returns that.
 * @template T
 * @param {string} what the condition, for the error
 * @param {() => T | Promise<T>} check
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(what, check) {
  const deadline = Date.now() + DEADLINE_MS;
  while (Date.now() < deadline) {
    const found = await check();
    if (found) return found;
    await delay(POLL_MS);
  }
  throw new Error(`still waiting after ${DEADLINE_MS / 1000} s: ${what}`);
}

/**
 * Settles as `promise` does, or rejects at the deadline.
 * @template T
 * @param {string} what
 * @param {Promise<T>} promise
 * @param {number} [deadlineMs]
 * @returns {Promise<T>}
 */
export async function within(what, promise, deadlineMs = DEADLINE_MS) {
  const timer = new AbortController();
  const expired = delay(deadlineMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`still waiting after ${deadlineMs / 1000} s: ${what}`);
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    timer.abort();
    expired.catch(() => {});
  }
}
