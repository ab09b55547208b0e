/** The pages, each in a file that is fetched when it is opened, or about to be: when a link to it is pointed at or focused. */
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
