/** The endpoints of one project; the server searches and pages. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import type { Endpoint } from '../../api/types';
import { Badge } from '../../parts/Badge';
import { List, Search } from '../../parts/List';
import { Empty } from '../../parts/Page';
import { endpointList } from './endpointsApi';
import { ENFORCEMENT, hostOf, modelsSummary, originsSummary } from './words';

const route = getRouteApi('/endpoints');

export function EndpointTable({ project, canCreate }: { project: string; canCreate: boolean }) {
  const { search = '' } = route.useSearch();
  const navigate = useNavigate();
  const setSearch = (text: string) =>
    void navigate({ to: '/endpoints', search: (old) => ({ ...old, search: text || undefined }), replace: true });
  const list = useInfiniteQuery(endpointList(project, search));
  const empty =
    search === '' ? (
      <Empty title="This project has no endpoint yet">
        <p>
          An endpoint stands before one inference server: it holds that server’s credential, and says which web pages may call
          it.
        </p>
        {canCreate ? (
          <Link to="/endpoints/new" search={{ project }} className="button button-primary button-normal">
            New endpoint
          </Link>
        ) : (
          <p>A key with the scope endpoints:write can make one.</p>
        )}
      </Empty>
    ) : (
      <Empty title={`No endpoint matches “${search}”`}>
        <p>The search looks at names, models, allowed origins and base URLs of this project. Try fewer letters, or another project.</p>
      </Empty>
    );
  return (
    <div className="stack">
      <Search label="Search endpoints" value={search} onChange={setSearch} />
      <List list={list} empty={empty}>
        {(endpoints) => (
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Models</th>
                <th scope="col">Pages that may call it</th>
                <th scope="col">Enforcement</th>
                <th scope="col">Upstream</th>
              </tr>
            </thead>
            <tbody>
              {endpoints.map((endpoint) => (
                <Row key={endpoint.name} endpoint={endpoint} />
              ))}
            </tbody>
          </table>
        )}
      </List>
    </div>
  );
}

function Row({ endpoint }: { endpoint: Endpoint }) {
  const { project, name, models, cors, upstream, warnings } = endpoint;
  const enforcement = ENFORCEMENT[cors.enforcement];
  return (
    <tr>
      <th scope="row">
        <Link to="/endpoints/$projectSlug/$name" params={{ projectSlug: project, name }}>
          {name}
        </Link>
      </th>
      <td>{modelsSummary(models)}</td>
      <td>
        {originsSummary(cors.allowedOrigins)}
        {cors.allowCredentials && ', with cookies'}
      </td>
      <td>
        <Badge tone={enforcement.tone}>{enforcement.title}</Badge>
        {warnings.length > 0 && <span className="hint"> {warnings.length === 1 ? '1 warning' : `${warnings.length} warnings`}</span>}
      </td>
      <td>{hostOf(upstream.base_url)}</td>
    </tr>
  );
}
