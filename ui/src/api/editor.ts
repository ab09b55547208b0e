/** A stored resource that is being edited: what it was when editing began, the draft, and the way back to the server. */
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { say } from '../parts/toasts';
import { ApiProblem, type Tagged } from './client';
import { mergePatch } from './json';
import { withoutBlanks } from './lines';
import { takeBack } from './takeBack';
import type { Issue } from './types';
import { useDryRun } from './useDryRun';

/** How one kind of resource is edited. `R` is the resource, `D` what of it can be edited. */
interface Editing<R, D extends object> {
  /** What people call it. */
  nameOf: (resource: R) => string;
  draftOf: (resource: R) => D;
  update: (etag: string | null, patch: object) => Promise<Tagged<R>>;
  check: (etag: string | null, patch: object, signal: AbortSignal) => Promise<R>;
  /** Puts what a write answered with where pages read it. */
  keep: (saved: Tagged<R>) => void;
  /** Fetches anew what somebody else changed. */
  reload: () => void;
}

export interface Editor<D> {
  draft: D;
  edit: (draft: D) => void;
  /** What was stored when editing began, and what would be. */
  before: D;
  after: D;
  /** What somebody else made of it meanwhile. */
  theirs: D | null;
  isDirty: boolean;
  isSaving: boolean;
  problem: ApiProblem | null;
  issues: Issue[];
  warnings: Issue[];
  save: () => void;
  discard: () => void;
  /** Puts what was changed here on top of what somebody else made of it. */
  rebase: () => void;
}

/** `stored` is the resource as the server has it now, which others may change while it is edited. */
export function useEditor<R extends { warnings?: Issue[] }, D extends object>(stored: Tagged<R>, editing: Editing<R, D>): Editor<D> {
  const { draftOf, check, reload } = editing;
  const [base, setBase] = useState(stored);
  const [draft, setDraft] = useState(() => draftOf(stored.data));
  const before = draftOf(base.data);
  const after = withoutBlanks(draft);
  const patch = mergePatch(before, after);
  const isDirty = patch !== undefined;
  const hasMoved = stored.etag !== base.etag;
  const start = (from: Tagged<R>, draft = draftOf(from.data)) => {
    setBase(from);
    setDraft(draft);
  };
  const [seen, setSeen] = useState(stored.etag);
  if (stored.etag !== seen) {
    setSeen(stored.etag);
    // Nothing was typed: follow silently.
    if (!isDirty) start(stored);
  }
  const checked = useDryRun(patch && !hasMoved ? patch : null, (signal) =>
    check(base.etag, patch ?? {}, signal).catch((error: unknown) => {
      if (isConflict(error)) reload();
      throw error;
    }),
  );
  const save = useSave(base, start, editing);
  // What was refused is no longer what is here.
  const goOn = (work: () => void) => {
    save.reset();
    work();
  };
  const problem = save.error instanceof ApiProblem ? save.error : checked.problem;
  return {
    draft,
    edit: (changed) => goOn(() => setDraft(changed)),
    before,
    after,
    theirs: isDirty && hasMoved ? draftOf(stored.data) : null,
    isDirty,
    isSaving: save.isPending,
    problem: problem?.isConflict ? null : problem,
    issues: problem?.issues ?? [],
    warnings: (checked.answer ?? base.data).warnings ?? [],
    save: () => save.mutate(patch ?? {}),
    discard: () => goOn(() => start(stored)),
    rebase: () => goOn(() => start(stored, { ...draftOf(stored.data), ...pick(draft, Object.keys(patch ?? {})) })),
  };
}

function pick<T extends object>(document: T, names: string[]): Partial<T> {
  return Object.fromEntries(Object.entries(document).filter(([name]) => names.includes(name))) as Partial<T>;
}

function useSave<R, D extends object>(base: Tagged<R>, start: (from: Tagged<R>) => void, editing: Editing<R, D>) {
  const { nameOf, draftOf, update, keep, reload } = editing;
  return useMutation({
    mutationFn: (patch: object) => update(base.etag, patch),
    onSuccess: (saved) => {
      keep(saved);
      start(saved);
      const back = mergePatch(draftOf(saved.data), draftOf(base.data)) ?? {};
      say(`${nameOf(saved.data)} is saved`, () =>
        void takeBack(update(saved.etag, back).then(keep), `${nameOf(base.data)} is as it was before`),
      );
    },
    // What others made of it comes with the resource's new state.
    onError: (error) => isConflict(error) && reload(),
  });
}

const isConflict = (error: unknown) => error instanceof ApiProblem && error.isConflict;
