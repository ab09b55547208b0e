/** Who is signed in. The key itself is sent once, and kept nowhere in the page. */
import { queryOptions, useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { answer, api, isSignedOut } from '../api/client';
import type { Session } from '../api/types';
import { say } from '../parts/toasts';

export type Scope = 'endpoints:read' | 'endpoints:write' | 'keys:read' | 'keys:write' | 'audit:read';

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async (): Promise<Session | null> => {
    try {
      const session = await answer(api.GET('/dashboard/api/session'));
      lastKey = session.key_id;
      return session;
    } catch (error) {
      if (isSignedOut(error)) return null;
      throw error;
    }
  },
  staleTime: 60_000,
  retry: false,
});

/** Given by {@link Shell}, which shows nothing of this to those who have none. */
export const SessionContext = createContext<Session | null>(null);

/** The session; only below {@link Shell}. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('no session');
  return session;
}

/** What people call the key that is signed in. */
export function nameOf(session: Session): string {
  return session.is_root ? 'Root key' : (session.key_name ?? session.key_id);
}

/** Whether the signed-in key may do something; what it may not is not offered. */
export function useMay(scope: Scope): boolean {
  const session = useSession();
  return session.is_root || session.scopes.includes(scope);
}

/** The key that last signed in in this tab. */
let lastKey: string | null = null;

function forget(client: QueryClient) {
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] });
}

/** Signs in with a token, or with the one-time code of a link. */
export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (credential: { token: string } | { code: string }) =>
      answer(api.POST('/dashboard/api/session', { body: credential })),
    onSuccess: (session) => {
      // What one key has seen is not for the next.
      if (lastKey !== session.key_id) forget(client);
      lastKey = session.key_id;
      client.setQueryData(sessionQuery.queryKey, session);
    },
    gcTime: 0,
  });
}

/** Signs out here, or everywhere that the same key is signed in. */
export function useSignOut() {
  return useMutation({
    mutationFn: (everywhere: boolean) =>
      answer(api.DELETE('/dashboard/api/session', { params: { query: everywhere ? { everywhere } : {} } })),
    // Loaded anew: nothing of what the session has seen stays in memory.
    onSuccess: () => location.assign(import.meta.env.BASE_URL),
    onError: () => say('Not signed out: the gateway did not answer'),
  });
}
