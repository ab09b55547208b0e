/** Asks the server what it thinks of a document, while it is being written. */
import { useEffect, useEffectEvent, useState } from 'react';
import { ApiProblem } from './client';

interface Said<T> {
  /** What would be stored. */
  answer: T | null;
  /** Why it would be refused. */
  problem: ApiProblem | null;
}

const QUIET_MILLISECONDS = 400;
const NOTHING = { answer: null, problem: null };

/**
 * Asks once typing of `body` pauses; what was said last stands until the next answer, and a question that is overtaken
 * by another is cancelled. Null asks nothing. Nothing of it goes through the query cache: bodies may hold secrets.
 */
export function useDryRun<T>(body: object | null, ask: (signal: AbortSignal) => Promise<T>): Said<T> {
  const text = body === null ? null : JSON.stringify(body);
  const [said, setSaid] = useState<Said<T>>(NOTHING);
  const latest = useEffectEvent(ask);
  useEffect(() => {
    if (text === null) return setSaid(NOTHING);
    const controller = new AbortController();
    const timer = setTimeout(async () => {
      const outcome = await latest(controller.signal).then(
        (answer) => ({ answer, problem: null }),
        (error: unknown) => ({ answer: null, problem: error instanceof ApiProblem ? error : null }),
      );
      if (!controller.signal.aborted) setSaid(outcome);
    }, QUIET_MILLISECONDS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [text]);
  return said;
}
