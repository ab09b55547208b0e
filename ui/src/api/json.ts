/** JSON documents by pointer (RFC 6901), and the merge patches (RFC 7396) between two of them. */

export type Members = Record<string, unknown>;

export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function steps(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, at) => isSame(item, b[at]));
  if (isMembers(a) && isMembers(b)) {
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((name) => isSame(a[name], b[name]));
  }
  return a === b;
}

/** The value at a pointer; undefined where there is none. */
export function valueAt(document: unknown, pointer: string): unknown {
  return steps(pointer).reduce<unknown>(
    (value, step) => (Array.isArray(value) ? value[Number(step)] : isMembers(value) ? value[step] : undefined),
    document,
  );
}

/** A copy of the document with `value` at the pointer; undefined takes a member away. */
export function withValueAt<T>(document: T, pointer: string, value: unknown): T {
  return set(document, steps(pointer), value) as T;
}

function set(document: unknown, [step, ...rest]: string[], value: unknown): unknown {
  if (step === undefined) return value;
  if (Array.isArray(document)) {
    return document.map((item: unknown, at) => (at === Number(step) ? set(item, rest, value) : item));
  }
  const members = isMembers(document) ? document : {};
  const { [step]: old, ...others } = members;
  const next = set(old, rest, value);
  if (next === undefined) return others;
  // Members keep their places.
  return step in members ? { ...members, [step]: next } : { ...others, [step]: next };
}

/** The smallest patch that makes `from` into `to`; undefined where they are the same. */
export function mergePatch(from: object, to: object): Members | undefined {
  const patch: Members = {};
  for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [old, next] = [(from as Members)[name], (to as Members)[name]];
    if (isSame(old, next)) continue;
    patch[name] = isMembers(old) && isMembers(next) ? mergePatch(old, next) : (next ?? null);
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** The document with the patch applied. Here null is a value like others: a draft's word for "the default". */
export function patched<T>(document: T, patch: unknown): T {
  if (!isMembers(patch)) return patch as T;
  const members: Members = isMembers(document) ? { ...document } : {};
  for (const [name, value] of Object.entries(patch)) members[name] = patched(members[name], value);
  return members as T;
}

/** Where a patch changes something. */
export function changedPointers(patch: unknown, at = ''): string[] {
  if (!isMembers(patch)) return [at];
  return Object.entries(patch).flatMap(([name, value]) => changedPointers(value, `${at}/${name}`));
}
