/** The addresses of the dashboard. Each page is fetched when it is first opened. */
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
  type ErrorComponentProps,
} from '@tanstack/react-router';
import { Button } from './parts/Button';
import { Empty, Loading } from './parts/Page';
import { ProblemView } from './parts/ProblemView';
import { PAGES } from './shell/pages';
import { Shell } from './shell/Shell';

// What looks like JSON in an address comes parsed.
const text = (value: unknown) =>
  value === undefined || value === null || value === '' ? undefined : typeof value === 'string' ? value : JSON.stringify(value);

interface Context {
  /** The one-time code of the link that the dashboard was opened with. */
  code: string | null;
}

const root = createRootRouteWithContext<Context>()({
  component: Shell,
  validateSearch: (search: Record<string, unknown>): { project?: string } =>
    text(search.project) ? { project: text(search.project) } : {},
  search: { middlewares: [retainSearchParams(['project'])] },
  notFoundComponent: () => (
    <Empty title="There is no such page">
      <p>The address may be mistyped, or what it named was deleted.</p>
    </Empty>
  ),
});

const page = <Path extends string>(path: Path, load: () => Promise<{ default: React.ComponentType }>) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load) });

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
  component: lazyRouteComponent(PAGES.explain),
});

const routeTree = root.addChildren([
  page('/', PAGES.overview),
  page('/sign-in', PAGES.overview),
  linkable('/endpoints', ['search'], PAGES.endpoints),
  page('/endpoints/new', PAGES.newEndpoint),
  page('/endpoints/$projectSlug/$name', PAGES.endpoint),
  linkable('/keys', ['search', 'state', 'endpoint'], PAGES.keys),
  page('/keys/new', PAGES.newKey),
  page('/keys/$id', PAGES.key),
  explain,
  linkable('/refusals', ['endpoint'], PAGES.refusals),
  page('/playground', PAGES.playground),
  linkable('/audit-log', ['actor', 'action', 'target', 'since', 'until'], PAGES.auditLog),
  page('/nodes', PAGES.nodes),
  page('/settings', PAGES.settings),
]);

function Failed({ error, reset }: ErrorComponentProps) {
  return (
    <ProblemView error={error}>
      <Button onClick={reset}>Try again</Button>
    </ProblemView>
  );
}

export function makeRouter(context: Context) {
  return createRouter({
    routeTree,
    basepath: '/dashboard',
    context,
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
