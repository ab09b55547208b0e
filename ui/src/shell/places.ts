/** The places of the menu, and what a key needs for each, with everything below it. */
import { useMatches } from '@tanstack/react-router';
import type { Session } from '../api/types';
import type { Scope } from '../session/session';

/** `what` completes "Your key may not". */
export const PLACES = [
  { to: '/', label: 'Overview', needs: 'endpoints:read', what: 'see how the gateway is doing' },
  { to: '/endpoints', label: 'Endpoints', needs: 'endpoints:read', what: 'see endpoints' },
  { to: '/keys', label: 'Keys', needs: 'keys:read', what: 'see keys' },
  { to: '/explain', label: 'Explain', needs: 'endpoints:read', what: 'ask why calls are blocked' },
  { to: '/refusals', label: 'Refusals', needs: 'endpoints:read', what: 'see what was refused' },
  { to: '/playground', label: 'Playground', needs: 'endpoints:read', what: 'see the endpoints to call' },
  { to: '/audit-log', label: 'Audit log', needs: 'audit:read', what: 'see the audit log' },
  { to: '/nodes', label: 'Nodes', needs: 'root', what: 'see the nodes' },
  { to: '/settings', label: 'Settings', needs: 'endpoints:read', what: 'see settings' },
] as const satisfies { to: string; label: string; needs: Scope | 'root'; what: string }[];

export type Place = (typeof PLACES)[number];

export function isOpenTo({ is_root, scopes }: Session, { needs }: Place): boolean {
  return is_root || (needs !== 'root' && scopes.includes(needs));
}

/** The place that the shown page belongs to; null for pages that say themselves what they need. */
export function usePlace(): Place | null {
  const page = useMatches({ select: (matches) => matches.at(-1)?.routeId ?? '' });
  if (page === '/sign-in') return PLACES[0];
  if (page.endsWith('/new')) return null;
  return PLACES.find(({ to }) => page === to || page.startsWith(`${to}/`)) ?? null;
}
