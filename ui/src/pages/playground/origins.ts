/** Origins of pages that a browser can open: what one looks like, and which are worth trying. */
import { useQuery } from '@tanstack/react-query';
import { answer, api } from '../../api/client';
import type { Endpoint, Issue } from '../../api/types';

/** What of an address is its origin; null where no web page has one. */
function originOf(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const { protocol, origin } = new URL(address);
  return /^https?:$/.test(protocol) ? origin : null;
}

export function isOrigin(typed: string): boolean {
  return typed !== '' && originOf(typed) === typed;
}

/** What is wrong with an origin as it was typed; nothing while there is none. */
export function originIssues(typed: string): Issue[] {
  if (typed === '' || isOrigin(typed)) return [];
  const origin = originOf(typed);
  const issue = { pointer: '/origin', code: 'not_an_origin' };
  return origin === null
    ? [{ ...issue, detail: `\`${typed}\` is not the origin of a web page: write scheme, host and port, such as \`https://app.example.com\`` }]
    : [{ ...issue, detail: `\`${typed}\` is not how browsers write the origin of that page: no path, no slash at its end, no capitals`, suggestion: origin }];
}

export function isLoopback(origin: string): boolean {
  return isOrigin(origin) && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(origin).hostname);
}

/** What the endpoint lists, and what was refused there lately. */
export function useOrigins(project: string, endpoint: Endpoint | undefined): string[] {
  const name = endpoint?.name ?? '';
  const { data } = useQuery({
    queryKey: ['refusals', 'playground', project, name],
    queryFn: () => answer(api.GET('/v1/cors/refusals', { params: { query: { project, endpoint: name, limit: 50 } } })),
    enabled: endpoint !== undefined,
    retry: false,
  });
  const refused = data?.data.flatMap(({ origin }) => origin ?? []) ?? [];
  return [...new Set([...(endpoint?.cors.allowedOrigins ?? []), ...refused])].filter((origin) => isOrigin(origin) && !origin.includes('*'));
}
