import { say } from '../parts/toasts';
import { ApiProblem } from './client';

/** Waits for what takes a change back, and says how that went: it fails where somebody else changed something since. */
export async function takeBack(work: Promise<unknown>, done: string): Promise<void> {
  try {
    await work;
    say(done);
  } catch (error) {
    if (!(error instanceof ApiProblem)) say(`Not undone: ${String(error)}`);
    else say(`Not undone: ${error.isConflict ? 'somebody changed it since' : error.detail}`);
  }
}
