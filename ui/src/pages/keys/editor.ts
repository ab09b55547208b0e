/** The state of a stored key that is being edited: what it was when editing began, the draft, and what is between them. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiProblem, type Tagged } from '../../api/client';
import { mergePatch, useDryRun } from '../../api/draft';
import type { ApiKey } from '../../api/types';
import { say } from '../../parts/toasts';
import { checkKey, keyQuery, updateKey, useKeep } from './data';
import { draftOf, withoutBlanks, type KeyDraft } from './document';
import { keyForm } from './form';

/** `stored` is the key as the server has it now, which others may change while it is edited. */
export function useKeyEditor(stored: Tagged<ApiKey>) {
  const [base, setBase] = useState(stored);
  const [draft, setDraft] = useState(() => draftOf(stored.data));
  const before = draftOf(base.data);
  const patch = mergePatch(before, withoutBlanks(draft));
  const isDirty = Object.keys(patch).length > 0;
  const hasMoved = stored.etag !== base.etag;
  const start = (key: Tagged<ApiKey>, from = draftOf(key.data)) => {
    setBase(key);
    setDraft(from);
  };
  // Nothing was typed: follow silently.
  if (hasMoved && !isDirty) start(stored);

  const { id } = base.data;
  const checked = useDryRun(isDirty && !hasMoved ? patch : null, (signal) => checkKey(id, base.etag, patch, signal));
  const save = useSave(base, start);
  const problem = save.error instanceof ApiProblem ? save.error : checked.problem;
  const edit = (changed: KeyDraft) => {
    // What was refused is no longer what is here.
    save.reset();
    setDraft(changed);
  };
  const form = keyForm(draft, edit, {
    issues: problem?.issues ?? [],
    warnings: (checked.answer ?? base.data).warnings,
  });
  return {
    form,
    before,
    theirs: isDirty && hasMoved ? draftOf(stored.data) : null,
    after: withoutBlanks(draft),
    isDirty,
    problem: problem?.isConflict ? null : problem,
    save: () => save.mutate(patch),
    isSaving: save.isPending,
    discard: () => start(stored),
    /** What was changed here, on top of what others made of it. */
    rebase: () => start(stored, { ...draftOf(stored.data), ...pick(draft, Object.keys(patch)) }),
  };
}

function pick<T extends object>(document: T, names: string[]): Partial<T> {
  return Object.fromEntries(Object.entries(document).filter(([name]) => names.includes(name))) as Partial<T>;
}

function useSave(base: Tagged<ApiKey>, start: (key: Tagged<ApiKey>) => void) {
  const client = useQueryClient();
  const keep = useKeep();
  const undo = useUndo();
  return useMutation({
    mutationFn: (patch: object) => updateKey(base.data.id, base.etag, patch),
    onSuccess: (saved) => {
      keep(saved);
      start(saved);
      say(`${saved.data.name} is saved`, () => undo(saved, mergePatch(draftOf(saved.data), draftOf(base.data))));
    },
    onError: (error) => {
      // What others made of it comes with the key's new state.
      if (error instanceof ApiProblem && error.isConflict) void client.invalidateQueries(keyQuery(base.data.id));
    },
  });
}

function useUndo() {
  const keep = useKeep();
  return async (saved: Tagged<ApiKey>, patch: object) => {
    try {
      keep(await updateKey(saved.data.id, saved.etag, patch));
      say(`${saved.data.name} is as it was before`);
    } catch (error) {
      const why = error instanceof ApiProblem && error.isConflict ? 'somebody changed the key since' : String((error as Error).message);
      say(`Not undone: ${why}`);
    }
  };
}
