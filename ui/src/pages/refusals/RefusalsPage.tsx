/** The to-do list: which calls of pages were refused, and what would let each through now. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { answer, api } from '../../api/client';
import { listing } from '../../api/listing';
import type { CorsRefusal } from '../../api/types';
import { NativeSelect } from '../../parts/Field';
import { List, Search } from '../../parts/List';
import { Empty, Page } from '../../parts/Page';
import { useProject } from '../../shell/project';
import { RefusalCard } from './RefusalCard';

const route = getRouteApi('/refusals');

type Shown = 'open' | 'all';

export default function RefusalsPage() {
  const project = useProject();
  const [origin, setOrigin] = useState('');
  const { endpoint: linked = '' } = route.useSearch();
  const [endpoint, setEndpoint] = useState(linked);
  const [shown, setShown] = useState<Shown>('open');
  const query = { ...(project && { project }), ...(origin && { origin }), ...(endpoint && { endpoint }) };
  const list = useInfiniteQuery({
    ...listing<CorsRefusal>(['refusals', query], (page) => answer(api.GET('/v1/cors/refusals', { params: { query: { ...query, ...page } } }))),
    refetchInterval: 5_000,
  });
  return (
    <Page
      title="Refusals"
      lead="Calls of pages that were refused in the last 30 days, or would have been, and what would let each through. Apply what you trust; leave the rest."
    >
      <div className="row">
        <Search label="Origin, in full" value={origin} onChange={setOrigin} />
        <Search label="Endpoint" value={endpoint} onChange={setEndpoint} />
        <NativeSelect className="filter" aria-label="Which refusals" value={shown} onChange={(event) => setShown(event.target.value as Shown)}>
          <option value="open">Still blocked</option>
          <option value="all">All, also what is allowed by now</option>
        </NativeSelect>
      </div>
      <List list={list} empty={<Nothing isFiltered={origin !== '' || endpoint !== ''} />} isBare>
        {(rows) => <Rows rows={rows} shown={shown} onApplied={() => void list.refetch()} />}
      </List>
    </Page>
  );
}

function Rows({ rows, shown, onApplied }: { rows: CorsRefusal[]; shown: Shown; onApplied: () => void }) {
  const visible = rows.filter((row) => shown === 'all' || row.verdict !== 'allowed');
  if (visible.length === 0) {
    return (
      <Empty title="Everything here is cured">
        <p>What was refused is allowed by now. Choose “All” to see it.</p>
      </Empty>
    );
  }
  return (
    <ul className="stack" aria-label="Refusals">
      {visible.map((row) => (
        <li key={row.id}>
          <RefusalCard refusal={row} onApplied={onApplied} />
        </li>
      ))}
    </ul>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) {
    return (
      <Empty title="No refusal matches">
        <p>Origins are compared in full, as the browser sent them: https://app.example.com</p>
      </Empty>
    );
  }
  return (
    <Empty title="No page was refused">
      <p>As soon as a browser is refused, it shows here with its cure, a few seconds later.</p>
      <p>
        To try it, open the <Link to="/playground">playground</Link>, or <Link to="/explain">ask what would happen</Link>.
      </p>
    </Empty>
  );
}
