/** The addresses of the dashboard. Each page is fetched when it is first opened. */
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
  type ErrorComponentProps,
} from '@tanstack/react-router';
import type { QueryClient } from '@tanstack/react-query';
import { Button } from './parts/Button';
import { Empty, Loading } from './parts/Page';
import { ProblemView } from './parts/ProblemView';
import { Shell } from './shell/Shell';

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Shell,
  validateSearch: (search: Record<string, unknown>): { project?: string } =>
    typeof search.project === 'string' && search.project !== '' ? { project: search.project } : {},
  search: { middlewares: [retainSearchParams(['project'])] },
  notFoundComponent: () => (
    <Empty title="There is no such page">
      <p>The address may be mistyped, or what it named was deleted.</p>
    </Empty>
  ),
});

const page = <Path extends string>(path: Path, load: () => Promise<{ default: React.ComponentType }>) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load) });

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

/** A page whose view can be linked to: these search parameters are texts. */
const linkable = <Path extends string, Name extends string>(path: Path, names: Name[], load: () => Promise<{ default: React.ComponentType }>) =>
  createRoute({
    getParentRoute: () => root,
    path,
    validateSearch: (search: Record<string, unknown>) =>
      Object.fromEntries(names.map((name) => [name, text(search[name])])) as { [name in Name]?: string },
    component: lazyRouteComponent(load),
  });

const explain = createRoute({
  getParentRoute: () => root,
  path: '/explain',
  // A question can be linked to.
  validateSearch: (search: Record<string, unknown>): { endpoint?: string; origin?: string; method?: string; console?: string } => ({
    endpoint: text(search.endpoint),
    origin: text(search.origin),
    method: text(search.method),
    console: text(search.console),
  }),
  component: lazyRouteComponent(() => import('./pages/explain/ExplainPage')),
});

const routeTree = root.addChildren([
  page('/', () => import('./pages/overview/OverviewPage')),
  page('/sign-in', () => import('./pages/overview/OverviewPage')),
  linkable('/endpoints', ['search'], () => import('./pages/endpoints/EndpointsPage')),
  page('/endpoints/new', () => import('./pages/endpoints/NewEndpointPage')),
  page('/endpoints/$projectSlug/$name', () => import('./pages/endpoints/EndpointPage')),
  linkable('/keys', ['search', 'state', 'endpoint'], () => import('./pages/keys/KeysPage')),
  page('/keys/new', () => import('./pages/keys/NewKeyPage')),
  page('/keys/$id', () => import('./pages/keys/KeyPage')),
  explain,
  linkable('/refusals', ['endpoint'], () => import('./pages/refusals/RefusalsPage')),
  page('/playground', () => import('./pages/playground/PlaygroundPage')),
  linkable('/audit-log', ['actor', 'action', 'target', 'since', 'until'], () => import('./pages/audit/AuditPage')),
  page('/nodes', () => import('./pages/nodes/NodesPage')),
  page('/settings', () => import('./pages/settings/SettingsPage')),
]);

function Failed({ error, reset }: ErrorComponentProps) {
  return (
    <ProblemView error={error}>
      <Button onClick={reset}>Try again</Button>
    </ProblemView>
  );
}

export function makeRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    basepath: '/dashboard',
    context: { queryClient },
    defaultPreload: 'intent',
    defaultPendingComponent: Loading,
    defaultErrorComponent: Failed,
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
