/**
 * What a test file started ends with it: in reverse order, also when a test or a `before` failed.
 * Nothing is ever ended by name, only what was handed in here.
 */
import { after } from 'node:test';

/** @type {Array<() => unknown>} */
const open = [];

/**
 * Runs `close` when the test file ends.
 * @param {() => unknown} close
 */
export function atEnd(close) {
  open.push(close);
}

after(async () => {
  const failures = [];
  while (open.length > 0) {
    try {
      await open.pop()?.();
    } catch (failure) {
      failures.push(failure);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'not everything could be ended');
});
