/** Applying what an explanation offers: each patch to its resource, as it was when the fix was made; and undoing it. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { say } from '../parts/toasts';
import { ApiProblem, refusal } from './client';
import { isMembers, type Members } from './json';
import { takeBack } from './takeBack';
import type { Fix, Problem } from './types';

/** The merge patch that takes `patch` back, given the document before it. Null is the default that was there. */
function inverse(patch: Members, before: Members): Members {
  const entries = Object.entries(patch).map(([name, value]) => {
    const old = before[name];
    return [name, isMembers(value) && isMembers(old) ? inverse(value, old) : (old ?? null)];
  });
  return Object.fromEntries(entries);
}

async function send(method: 'GET' | 'PATCH', url: string, patch?: Members, etag?: string | null) {
  const response = await fetch(new URL(url, location.origin).pathname, {
    method,
    headers: { ...(patch && { 'Content-Type': 'application/merge-patch+json' }), ...(etag && { 'If-Match': etag }) },
    body: patch ? JSON.stringify(patch) : null,
  }).catch(() => {
    throw new ApiProblem(0, {});
  });
  const body: unknown = await response.json().catch(() => ({}));
  if (!response.ok) throw refusal(response.status, body as Partial<Problem>);
  return { body: body as Members, etag: response.headers.get('etag') };
}

/** Applies fixes that belong together, one after the other; what was applied when one fails is taken back. */
export function useApplyFixes(onApplied: () => void) {
  const client = useQueryClient();
  const refresh = () => {
    void client.invalidateQueries();
    onApplied();
  };
  const undo = async (done: { url: string; back: Members; etag: string | null }[]) => {
    for (const { url, back, etag } of done.reverse()) await send('PATCH', url, back, etag);
  };
  return useMutation({
    mutationFn: async (fixes: Fix[]) => {
      const done: { url: string; back: Members; etag: string | null }[] = [];
      try {
        for (const fix of fixes) {
          const before = await send('GET', fix.url);
          const after = await send('PATCH', fix.url, fix.patch, fix.etag);
          done.push({ url: fix.url, back: inverse(fix.patch, before.body), etag: after.etag });
        }
      } catch (error) {
        await undo(done);
        throw error;
      }
      return done;
    },
    onSuccess: (done, fixes) => {
      refresh();
      // What was pressed is gone with its cause.
      document.getElementById('content')?.focus({ preventScroll: true });
      const title = fixes.length === 1 && fixes[0] ? `Done: ${fixes[0].summary.replaceAll('`', '')}` : `${fixes.length} changes applied`;
      say(title, () => {
        void takeBack(undo(done), 'Taken back').finally(refresh);
      });
    },
  });
}
