/** The pages, each in a file that is fetched when it is needed, or a moment after the first. */
import type { ComponentType } from 'react';

type Load = () => Promise<{ default: ComponentType }>;

export const PAGES = {
  overview: () => import('../pages/overview/OverviewPage'),
  endpoints: () => import('../pages/endpoints/EndpointsPage'),
  newEndpoint: () => import('../pages/endpoints/NewEndpointPage'),
  endpoint: () => import('../pages/endpoints/EndpointPage'),
  keys: () => import('../pages/keys/KeysPage'),
  newKey: () => import('../pages/keys/NewKeyPage'),
  key: () => import('../pages/keys/KeyPage'),
  explain: () => import('../pages/explain/ExplainPage'),
  refusals: () => import('../pages/refusals/RefusalsPage'),
  playground: () => import('../pages/playground/PlaygroundPage'),
  auditLog: () => import('../pages/audit/AuditPage'),
  nodes: () => import('../pages/nodes/NodesPage'),
  settings: () => import('../pages/settings/SettingsPage'),
} satisfies Record<string, Load>;

/** Fetches what was not fetched yet; what fails is fetched again when it is needed. */
export function preloadPages(): void {
  for (const load of Object.values(PAGES)) load().catch(() => undefined);
}
