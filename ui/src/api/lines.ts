/** Lists that are written a line each: lines that are still blank are not sent, and do not shift what is said of others. */
import { isMembers, valueAt } from './json';
import type { Issue } from './types';

const isBlank = (line: unknown) => typeof line === 'string' && line.trim() === '';

/** The document as it is sent: without the blank lines of its lists. */
export function withoutBlanks<T>(document: T): T {
  if (Array.isArray(document)) return document.filter((line) => !isBlank(line)) as T;
  if (!isMembers(document)) return document;
  return Object.fromEntries(Object.entries(document).map(([name, value]) => [name, withoutBlanks(value)])) as T;
}

/** What was said about the document that was sent, at its places in the draft that it was made from. */
export function onLines(issues: Issue[], draft: unknown): Issue[] {
  const next = (place: string, step: string) => {
    const list = valueAt(draft, place);
    const filled = Array.isArray(list) ? [...list.keys()].filter((line) => !isBlank(list[line])) : [];
    return `${place}/${filled[Number(step)] ?? step}`;
  };
  return issues.map((issue) => ({ ...issue, pointer: issue.pointer.split('/').reduce(next) }));
}
