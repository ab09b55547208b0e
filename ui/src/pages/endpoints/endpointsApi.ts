/** What these pages ask of the gateway. */
import { queryOptions } from '@tanstack/react-query';
import { ApiProblem, answer, api, ifMatch, tagged } from '../../api/client';
import { listing, walk } from '../../api/listing';
import type { ApiKey, Endpoint, EndpointCreate, EndpointUpdate, Issue } from '../../api/types';

export const endpointKey = (project: string, name: string) => ['endpoint', project, name] as const;

export const endpointQuery = (project: string, name: string) =>
  queryOptions({
    queryKey: endpointKey(project, name),
    queryFn: () => tagged<Endpoint>(api.GET('/v1/projects/{project}/endpoints/{name}', { params: { path: { project, name } } })),
  });

/** Sent only where something is searched for. */
const searchFor = (search: string) => (search.trim() === '' ? {} : { search: search.trim() });

export const endpointList = (project: string, search: string) =>
  listing(['endpoints', project, search], (page) =>
    answer(api.GET('/v1/projects/{project}/endpoints', { params: { path: { project }, query: { ...page, ...searchFor(search) } } })),
  );

export const projectList = (search: string) =>
  listing(['projects', 'table', search], (page) =>
    answer(api.GET('/v1/projects', { params: { query: { ...page, ...searchFor(search) } } })),
  );

const KEYS_A_PAGE = 1000;
const MOST_PAGES_OF_KEYS = 20;
/** How many keys that may use an endpoint are looked at. */
export const MOST_KEYS = KEYS_A_PAGE * MOST_PAGES_OF_KEYS;

/** The active keys that name an endpoint, for what a deletion takes from them; those of all endpoints lose nothing. */
export const keysThatName = (project: string, endpoint: string) =>
  queryOptions({
    queryKey: ['keys that name', project, endpoint],
    queryFn: async ({ signal }: { signal: AbortSignal }) => {
      const query = { project, endpoint, state: 'active' as const, limit: KEYS_A_PAGE };
      const { rows, isPartial } = await walk<ApiKey>(MOST_PAGES_OF_KEYS, (page) =>
        answer(api.GET('/v1/api-keys', { params: { query: { ...query, ...page } }, signal })),
      );
      // Those without `endpoints` may use it, too.
      return { naming: rows.filter(({ endpoints }) => endpoints !== null), isPartial };
    },
  });

export function createEndpoint(project: string, body: EndpointCreate) {
  return tagged<Endpoint>(api.POST('/v1/projects/{project}/endpoints', { params: { path: { project } }, body }));
}

export function updateEndpoint(project: string, name: string, etag: string | null, body: EndpointUpdate) {
  return tagged<Endpoint>(
    api.PATCH('/v1/projects/{project}/endpoints/{name}', { params: { path: { project, name }, header: ifMatch(etag) }, body }),
  );
}

export function deleteEndpoint(project: string, name: string, etag: string | null) {
  return answer(
    api.DELETE('/v1/projects/{project}/endpoints/{name}', { params: { path: { project, name }, header: ifMatch(etag) } }),
  );
}

/** What a change means for the pages that called since yesterday. */
export type Impact = NonNullable<Endpoint['impact']>;
export type SeenOrigin = Impact['newly_admitted'][number];

/** What the server says of a document that is not saved yet. */
export interface Judgement {
  issues: Issue[];
  warnings: Issue[];
  /** Null where the document is refused, or the gateway does not tell. */
  impact: Impact | null;
  /** Somebody else changed what it is based on. */
  isOutdated: boolean;
}

export const NO_OBJECTION: Judgement = { issues: [], warnings: [], impact: null, isOutdated: false };

export function judgeNew(project: string, body: EndpointCreate, signal?: AbortSignal): Promise<Judgement> {
  return judgement(
    answer<Endpoint>(
      api.POST('/v1/projects/{project}/endpoints', { params: { path: { project }, query: { dry_run: true } }, body, signal }),
    ),
  );
}

export function judgeChange(
  { project, name }: { project: string; name: string },
  etag: string | null,
  body: EndpointUpdate,
  signal?: AbortSignal,
): Promise<Judgement> {
  return judgement(
    answer<Endpoint>(
      api.PATCH('/v1/projects/{project}/endpoints/{name}', {
        params: { path: { project, name }, query: { dry_run: true }, header: ifMatch(etag) },
        body,
        signal,
      }),
    ),
  );
}

/** A refusal is an answer here; only what is no judgement of the document is thrown. */
async function judgement(call: Promise<Endpoint>): Promise<Judgement> {
  try {
    const { warnings, impact } = await call;
    return { ...NO_OBJECTION, warnings, impact: impact ?? null };
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    if (error.isConflict) return { ...NO_OBJECTION, isOutdated: true };
    if (error.issues.length === 0) throw error;
    return { ...NO_OBJECTION, issues: error.issues };
  }
}
