/** The processes that serve this configuration. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { answer, api } from '../../api/client';
import type { Node } from '../../api/types';
import { Badge } from '../../parts/Badge';
import { Loading, Page } from '../../parts/Page';
import { ProblemView } from '../../parts/ProblemView';
import { Time } from '../../parts/Time';

const nodesQuery = queryOptions({
  queryKey: ['nodes'],
  queryFn: () => answer(api.GET('/v1/nodes')),
  refetchInterval: 10_000,
});

export default function NodesPage() {
  return (
    <Page title="Nodes" lead="The processes that serve this configuration, as they were a few seconds ago.">
      <Nodes />
    </Page>
  );
}

function Nodes() {
  const nodes = useQuery(nodesQuery);
  if (nodes.isPending) return <Loading />;
  return (
    <>
      {nodes.error && <ProblemView error={nodes.error} />}
      <ul className="cards">
        {nodes.data?.data.map((node) => (
          <li key={node.id}>
            <NodeCard node={node} />
          </li>
        ))}
      </ul>
    </>
  );
}

function NodeCard({ node }: { node: Node }) {
  const isReady = node.status === 'ready';
  return (
    <article className="card" aria-label={node.name}>
      <h2 className="row">
        {node.name} <Badge tone={isReady ? 'good' : 'warn'}>{node.status}</Badge>
        {node.is_self && <Badge>answers this page</Badge>}
      </h2>
      {!isReady && <p className="hint">It finishes what is under way and takes nothing new.</p>}
      <dl className="facts">
        <dt>Address</dt>
        <dd>
          <code>{node.address}</code>
        </dd>
        {node.admin_address !== null && (
          <>
            <dt>Management</dt>
            <dd>
              <code>{node.admin_address}</code>
            </dd>
          </>
        )}
        <dt>Version</dt>
        <dd>{node.version}</dd>
        <dt>Revision</dt>
        <dd>{node.revision}</dd>
        <dt>Started</dt>
        <dd>
          <Time at={node.started_at} />
        </dd>
        <dt>Last seen</dt>
        <dd>
          <Time at={node.last_seen_at} />
        </dd>
        <dt>Cores</dt>
        <dd>{node.cores}</dd>
        <dt>Connections</dt>
        <dd>{node.open_connections.toLocaleString('en')}</dd>
        <dt>Streams</dt>
        <dd>{node.open_streams.toLocaleString('en')}</dd>
        <dt>Id</dt>
        <dd>
          <code>{node.id}</code>
        </dd>
      </dl>
    </article>
  );
}
