/** Origins worth trying: what the endpoint lists, and what was refused there lately. */
import { useQuery } from '@tanstack/react-query';
import { answer, api } from '../../api/client';
import type { Chosen } from '../../parts/EndpointPicker';

export function useOrigins({ project, endpoint }: Chosen): string[] {
  const isNamed = project !== '' && /^[a-z0-9-]{1,40}$/.test(endpoint);
  const { data } = useQuery({
    queryKey: ['playground-origins', project, endpoint],
    queryFn: async () => {
      const [shown, refused] = await Promise.all([
        answer(api.GET('/v1/projects/{project}/endpoints/{name}', { params: { path: { project, name: endpoint } } })),
        answer(api.GET('/v1/cors/refusals', { params: { query: { project, endpoint, limit: 50 } } })),
      ]);
      const exact = shown.cors.allowedOrigins.filter((origin) => !origin.includes('*'));
      const seen = refused.data.flatMap(({ origin }) => origin ?? []);
      return [...new Set([...exact, ...seen])];
    },
    enabled: isNamed,
    retry: false,
  });
  return data ?? [];
}
