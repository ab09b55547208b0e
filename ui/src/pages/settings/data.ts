/** The calls that the settings page makes. */
import { queryOptions, useQueryClient } from '@tanstack/react-query';
import { answer, api, ifMatch, tagged, type Tagged } from '../../api/client';
import type { CspQuestion, Project, Settings } from '../../api/types';
import type { RateLimitDraft } from '../../parts/rateLimits';

export type Setting = Settings['settings'][number];

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: () => answer(api.GET('/dashboard/api/settings')),
});

export const cspQuery = (question: CspQuestion) =>
  queryOptions({
    queryKey: ['csp', question],
    queryFn: () => answer(api.POST('/dashboard/api/csp', { body: question })),
    placeholderData: (before) => before,
  });

/** What of a project can be edited, in the form that the page edits it. */
export interface ProjectDraft {
  name: string;
  secret_keys_in_browsers: Project['secret_keys_in_browsers'];
  rate_limit: RateLimitDraft | null;
  debug: boolean;
}

export function draftOf({ name, secret_keys_in_browsers, rate_limit, debug }: Project): ProjectDraft {
  return { name, secret_keys_in_browsers, rate_limit, debug };
}

export const projectQuery = (project: string) =>
  queryOptions({
    queryKey: ['project', project],
    queryFn: (): Promise<Tagged<Project>> => tagged<Project>(api.GET('/v1/projects/{project}', { params: { path: { project } } })),
  });

const patch = (project: string, etag: string | null, body: object, options: { dry_run?: true; signal?: AbortSignal }) =>
  api.PATCH('/v1/projects/{project}', {
    body,
    params: { path: { project }, header: ifMatch(etag), query: options.dry_run && { dry_run: true } },
    signal: options.signal,
  });

export const updateProject = (project: string, etag: string | null, body: object): Promise<Tagged<Project>> =>
  tagged<Project>(patch(project, etag, body, {}));

export const checkProject = (project: string, etag: string | null, body: object, signal: AbortSignal): Promise<Project> =>
  answer<Project>(patch(project, etag, body, { dry_run: true, signal }));

/** Puts a project that a write answered with where pages read it, and fetches it anew. */
export function useProjectCache(project: string) {
  const client = useQueryClient();
  return {
    keep: (saved: Tagged<Project>) => {
      client.setQueryData(projectQuery(project).queryKey, saved);
      void client.invalidateQueries({ queryKey: ['projects'] });
      void client.invalidateQueries({ queryKey: ['audit'] });
    },
    reload: () => void client.invalidateQueries(projectQuery(project)),
  };
}
