/** The endpoint that is called, looked up once its name is typed. */
import { useQuery } from '@tanstack/react-query';
import { answer, api, ApiProblem } from '../../api/client';
import type { Endpoint, Issue } from '../../api/types';
import type { Chosen } from '../../parts/EndpointPicker';
import { useQuiet } from '../../parts/useQuiet';

interface Found {
  endpoint: Endpoint | undefined;
  /** What is wrong with its name. */
  issues: Issue[];
  /** What else went wrong. */
  error: Error | null;
}

export function useEndpoint({ project, endpoint }: Chosen): Found {
  const name = useQuiet(endpoint.trim());
  const isTyped = project !== '' && name !== '' && name === endpoint.trim();
  const { data, error } = useQuery({
    queryKey: ['endpoint', project, name, 'playground'],
    queryFn: () => answer(api.GET('/v1/projects/{project}/endpoints/{name}', { params: { path: { project, name } } })),
    enabled: isTyped,
    retry: false,
  });
  if (!isTyped) return { endpoint: undefined, issues: [], error: null };
  if (!(error instanceof ApiProblem && error.status === 404)) return { endpoint: data, issues: [], error };
  return { endpoint: undefined, issues: [{ pointer: '/endpoint', code: error.code, detail: error.detail }], error: null };
}
