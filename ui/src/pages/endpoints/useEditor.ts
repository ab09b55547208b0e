/** An endpoint that is being changed: what it was, what it is to be, and how that is saved without overwriting others. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { ApiProblem, type Tagged } from '../../api/client';
import { patched, withValueAt } from '../../api/json';
import { takeBack } from '../../api/takeBack';
import type { Endpoint } from '../../api/types';
import { say } from '../../parts/toasts';
import { canUndo, draftOf, patchOf, type Draft } from './draft';
import { endpointKey, endpointQuery, judgeChange, updateEndpoint, type Judgement } from './endpointsApi';
import { useJudgement } from './useJudgement';
import { widenings } from './widening';

/** What a draft was begun from. */
export interface Basis {
  etag: string | null;
  endpoint: Endpoint;
  draft: Draft;
}

function basisOf({ etag, data }: Tagged<Endpoint>): Basis {
  return { etag, endpoint: data, draft: draftOf(data) };
}

/** A change that is asked about before it is saved. */
export interface Question {
  basis: Basis;
  wanted: Draft;
  consequences: string[];
  judgement: Judgement;
}

export function useEditor(stored: Tagged<Endpoint>) {
  const client = useQueryClient();
  const latest = useMemo(() => basisOf(stored), [stored]);
  const [basis, setBasis] = useState(latest);
  const [draft, setDraft] = useState(latest.draft);
  const [question, setQuestion] = useState<Question | null>(null);
  const place = { project: basis.endpoint.project, name: basis.endpoint.name };
  const patch = patchOf(basis.draft, draft);
  const isOvertaken = latest.etag !== basis.etag;

  // What others saved is taken over where nothing is lost by it: nothing was changed here, or to the same.
  if (isOvertaken && (!patch || !patchOf(latest.draft, draft))) {
    setBasis(latest);
    setDraft(latest.draft);
  }

  const judge = (from: Basis, wanted: Draft, signal?: AbortSignal) =>
    judgeChange(place, from.etag, patchOf(from.draft, wanted) ?? {}, signal);
  const isJudged = patch !== undefined && !isOvertaken;
  const checked = useJudgement(isJudged ? [basis.etag] : null, draft, (wanted, signal) => judge(basis, wanted, signal));

  const reread = () => client.fetchQuery({ ...endpointQuery(place.project, place.name), staleTime: 0 });
  const { isOutdated } = checked;
  useEffect(() => {
    if (isOutdated) void client.invalidateQueries({ queryKey: endpointKey(place.project, place.name) });
  }, [isOutdated, client, place.project, place.name]);
  const keep = (saved: Tagged<Endpoint>) => {
    client.setQueryData(endpointKey(place.project, place.name), saved);
    void client.invalidateQueries({ queryKey: ['endpoints'] });
  };

  const write = useMutation({
    mutationFn: ({ basis: from, wanted }: { basis: Basis; wanted: Draft }) =>
      updateEndpoint(place.project, place.name, from.etag, patchOf(from.draft, wanted) ?? {}),
    onSuccess: (saved, { basis: from, wanted }) => {
      const change = patchOf(from.draft, wanted) ?? {};
      keep(saved);
      setDraft(draftOf(saved.data));
      const back = patchOf(draftOf(saved.data), from.draft) ?? {};
      const undo = () => {
        const work = updateEndpoint(place.project, place.name, saved.etag, back).then(keep);
        void takeBack(work, `${place.name} is as it was before`).finally(() => client.invalidateQueries({ queryKey: endpointKey(place.project, place.name) }));
      };
      say(`${place.name} saved. It is obeyed from the next request on`, canUndo(change) ? undo : undefined);
    },
    onError: (error) => {
      if (error instanceof ApiProblem && error.isConflict) void reread();
    },
    onSettled: () => setQuestion(null),
  });

  /** Saves at once what only narrows and hurts nobody; asks about the rest. */
  const attempt = useMutation({
    mutationFn: async ({ basis: from, wanted }: { basis: Basis; wanted: Draft }) => {
      const judgement = await judge(from, wanted);
      if (judgement.isOutdated) await reread();
      if (judgement.isOutdated || judgement.issues.length > 0) return;
      const consequences = widenings(from.draft, patched(from.draft, patchOf(from.draft, wanted)));
      const { newly_admitted: admitted = [], newly_refused: refused = [] } = judgement.impact ?? {};
      const isAsked = consequences.length + admitted.length + refused.length > 0;
      if (isAsked) setQuestion({ basis: from, wanted, consequences, judgement });
      else await write.mutateAsync({ basis: from, wanted }).catch(() => undefined);
    },
  });

  return {
    basis,
    latest,
    draft,
    patch,
    checked,
    question,
    isSaving: attempt.isPending || write.isPending,
    /** Others saved something else in between. */
    isConflict: isOvertaken && patch !== undefined,
    error: [attempt.error, write.error].find((error) => error && !(error instanceof ApiProblem && error.isConflict)),
    set: (pointer: string, value: unknown) => {
      if (attempt.error || write.error) {
        attempt.reset();
        write.reset();
      }
      setDraft((old) => withValueAt(old, pointer, value));
    },
    save: () => attempt.mutate({ basis, wanted: draft }),
    confirm: () => question && write.mutate(question),
    cancel: () => setQuestion(null),
    discard: () => {
      setDraft(basis.draft);
      say('Changes discarded', () => setDraft(draft));
    },
    loadTheirs: () => {
      setBasis(latest);
      setDraft(latest.draft);
      say('Their version is loaded', () => setDraft(patched(latest.draft, patch)));
    },
    applyOnTop: async () => {
      const theirs = basisOf(await reread());
      const wanted = patched(theirs.draft, patch);
      setBasis(theirs);
      setDraft(wanted);
      attempt.mutate({ basis: theirs, wanted });
    },
  };
}

export type Editor = ReturnType<typeof useEditor>;
