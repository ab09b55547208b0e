import { useQueryClient } from '@tanstack/react-query';
import { keyQuery } from './data';

/** Fetches a key anew, after it turned out that somebody else may have changed it. */
export function useReload(id: string): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries(keyQuery(id));
}
