/** The calls that the pages of keys make. */
import { queryOptions, useQueryClient } from '@tanstack/react-query';
import { answer, api, ifMatch, tagged, type Tagged } from '../../api/client';
import { listing, type ListPage } from '../../api/listing';
import type { ApiKey, ApiKeyCreate, ApiKeyUpdate, Endpoint } from '../../api/types';

export interface KeyFilter {
  project?: string;
  search?: string;
  state?: 'active' | 'expired' | 'revoked' | 'exposed';
  endpoint?: string;
}

export const keysQuery = (filter: KeyFilter) =>
  listing<ApiKey>(['keys', filter], (page) =>
    answer<ListPage<ApiKey>>(api.GET('/v1/api-keys', { params: { query: { ...page, ...filter, order: 'newest' } } })),
  );

export const keyQuery = (id: string) =>
  queryOptions({
    queryKey: ['key', id],
    queryFn: (): Promise<Tagged<ApiKey>> => tagged(api.GET('/v1/api-keys/{id}', { params: { path: { id } } })),
  });

export const endpointsOf = (project: string, search: string) =>
  queryOptions({
    queryKey: ['endpoints of', project, search],
    queryFn: () =>
      answer<ListPage<Endpoint>>(
        api.GET('/v1/projects/{project}/endpoints', {
          params: { path: { project }, query: { limit: 20, ...(search !== '' && { search }) } },
        }),
      ),
    placeholderData: (before) => before,
  });

export const createKey = (body: ApiKeyCreate) => tagged(api.POST('/v1/api-keys', { body }));

export const checkNewKey = (body: ApiKeyCreate, signal: AbortSignal): Promise<ApiKey> =>
  answer<ApiKey>(api.POST('/v1/api-keys', { body, params: { query: { dry_run: true } }, signal }));

const patchKey = (id: string, etag: string | null, body: ApiKeyUpdate, options: { dry_run?: true; signal?: AbortSignal }) =>
  api.PATCH('/v1/api-keys/{id}', {
    body,
    params: { path: { id }, header: ifMatch(etag), query: options.dry_run && { dry_run: true } },
    signal: options.signal,
  });

export const updateKey = (id: string, etag: string | null, patch: object): Promise<Tagged<ApiKey>> =>
  tagged<ApiKey>(patchKey(id, etag, patch, {}));

export const checkKey = (id: string, etag: string | null, patch: object, signal: AbortSignal): Promise<ApiKey> =>
  answer<ApiKey>(patchKey(id, etag, patch, { dry_run: true, signal }));

export const rotateKey = (id: string, etag: string | null, overlap_seconds: number) =>
  tagged(api.POST('/v1/api-keys/{id}/rotate', { body: { overlap_seconds }, params: { path: { id }, header: ifMatch(etag) } }));

export const revokeKey = (id: string, etag: string | null): Promise<Tagged<ApiKey>> =>
  tagged<ApiKey>(api.DELETE('/v1/api-keys/{id}', { params: { path: { id }, header: ifMatch(etag) } }));

/** Puts a key that a write answered with where pages read it. Never one with its token. */
export function useKeep(): (key: Tagged<ApiKey>) => void {
  const client = useQueryClient();
  return (key) => {
    client.setQueryData(keyQuery(key.data.id).queryKey, key);
    void client.invalidateQueries({ queryKey: ['keys'] });
    void client.invalidateQueries({ queryKey: ['audit'] });
  };
}

/** A key apart from the token that came with it. */
export function withoutToken<K extends ApiKey & { token?: string }>(answered: Tagged<K>): { key: Tagged<ApiKey>; token: string } {
  const { token = '', ...data } = answered.data;
  return { key: { data: data as unknown as ApiKey, etag: answered.etag }, token };
}

/** Fetches a key anew, after it turned out that somebody else may have changed it. */
export function useReload(id: string): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries(keyQuery(id));
}
