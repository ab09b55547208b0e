/** Which project is looked at: a search parameter of every page, so that links and reloads keep it. */
import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { answer, api } from '../api/client';
import { useMay, useSession } from '../session/session';

const projectsQuery = (search: string) =>
  infiniteQueryOptions({
    queryKey: ['projects', search],
    queryFn: ({ pageParam }) =>
      answer(api.GET('/v1/projects', { params: { query: { limit: 1000, ...(search && { search }), ...(pageParam && { after: pageParam }) } } })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** The slug of the chosen project: a key's own, else what the address says; null means all of them. */
export function useProject(): string | null {
  const session = useSession();
  const search = useSearch({ strict: false });
  return session.project ?? search.project ?? null;
}

/** The projects to choose from; nothing for keys, which have one. */
export function useProjects(search = '') {
  const session = useSession();
  const may = useMay('endpoints:read');
  return useInfiniteQuery({ ...projectsQuery(search), enabled: session.is_root && may });
}

export function useChooseProject() {
  const navigate = useNavigate();
  return (project: string | null) =>
    navigate({ to: '.', search: (old) => ({ ...old, project: project ?? undefined }) });
}
