/** What is being edited, beside what is stored: the smallest patch between them, and what the server would say to it. */
import { useEffect, useEffectEvent, useState } from 'react';
import { ApiProblem } from './client';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether two documents say the same; members in another order do. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, at) => isSame(item, other[at]));
  if (isObject(one) && isObject(other))
    return [...new Set([...Object.keys(one), ...Object.keys(other)])].every((name) => isSame(one[name], other[name]));
  return one === other;
}

/** The JSON Merge Patch (RFC 7396) that makes `wanted` of `stored`; members that `wanted` lacks stay. */
export function mergePatch(stored: object, wanted: object): Record<string, unknown> {
  const before = stored as Record<string, unknown>;
  const changes = Object.entries(wanted).filter(([name, value]) => !isSame(before[name], value));
  return Object.fromEntries(
    changes.map(([name, value]) => {
      const old = before[name];
      return [name, isObject(old) && isObject(value) ? mergePatch(old, value) : value];
    }),
  );
}

/** A copy of the document with `value` at the JSON Pointer (RFC 6901). */
export function setAt<T>(document: T, pointer: string, value: unknown): T {
  const path = pointer.split('/').slice(1).map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  const set = (place: unknown, [name, ...rest]: string[]): unknown => {
    if (name === undefined) return value;
    if (Array.isArray(place)) return place.map((item: Json, at) => (String(at) === name ? set(item, rest) : item));
    return { ...(isObject(place) && place), [name]: set(isObject(place) ? place[name] : undefined, rest) };
  };
  return set(document, path) as T;
}

export interface Checked<T> {
  isChecking: boolean;
  /** What would be stored. */
  answer: T | null;
  /** Why it would be refused. */
  problem: ApiProblem | null;
}

const QUIET_MILLISECONDS = 400;

/**
 * Asks the server what it thinks of `body` once typing pauses; what was said last stands until the next answer. Null
 * asks nothing. Nothing of it goes through the query cache: bodies may hold tokens.
 */
export function useDryRun<T>(body: object | null, ask: (signal: AbortSignal) => Promise<T>): Checked<T> {
  const text = body === null ? null : JSON.stringify(body);
  const [said, setSaid] = useState<{ text: string | null } & Omit<Checked<T>, 'isChecking'>>({ text: null, answer: null, problem: null });
  const latest = useEffectEvent(ask);
  useEffect(() => {
    if (text === null) return setSaid({ text, answer: null, problem: null });
    const controller = new AbortController();
    const timer = setTimeout(async () => {
      const outcome = await latest(controller.signal).then(
        (answer) => ({ text, answer, problem: null }),
        (error: unknown) => ({ text, answer: null, problem: error instanceof ApiProblem ? error : null }),
      );
      if (!controller.signal.aborted) setSaid(outcome);
    }, QUIET_MILLISECONDS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [text]);
  return { isChecking: text !== said.text, answer: said.answer, problem: said.problem };
}
