/** Who changed what, and when. What is looked for stands in the address, so that a view can be linked to. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from '../../parts/Button';
import { List } from '../../parts/List';
import { Empty, Page } from '../../parts/Page';
import { useProject } from '../../shell/project';
import { AuditFilters } from './AuditFilters';
import { AuditTable } from './AuditTable';
import { auditQuery, type AuditFilter } from './data';

const route = getRouteApi('/audit-log');
const NOTHING: AuditFilter = { actor: undefined, action: undefined, target: undefined, since: undefined, until: undefined };

export default function AuditPage() {
  return (
    <Page
      title="Audit log"
      lead="Every change of projects, endpoints and keys, newest first. Nothing in it can be changed; each entry is chained to the one before."
    >
      <Log />
    </Page>
  );
}

function Log() {
  const project = useProject();
  const { actor, action, target, since, until } = route.useSearch();
  const navigate = useNavigate();
  const filter = { actor, action, target, since, until };
  const set = (change: AuditFilter) => navigate({ to: '/audit-log', search: (old) => ({ ...old, ...change }), replace: true });
  const [clearings, setClearings] = useState(0);
  const clear = () => {
    // What is typed is forgotten once the address is empty.
    void set(NOTHING).then(() => setClearings(clearings + 1));
  };
  const given = Object.entries(filter).filter(([, value]) => value);
  const list = useInfiniteQuery(auditQuery({ ...(project && { project }), ...Object.fromEntries(given) }));
  const isFiltered = given.length > 0;
  return (
    <>
      <AuditFilters key={clearings} filter={filter} set={(change) => void set(change)} clear={isFiltered ? clear : undefined} />
      <List list={list} empty={isFiltered ? <NoMatch clear={clear} /> : <Nothing />}>
        {(entries) => <AuditTable entries={entries} />}
      </List>
    </>
  );
}

function NoMatch({ clear }: { clear: () => void }) {
  return (
    <Empty title="No entry is like that">
      <p>Who and what are looked for whole: the id of a key, or “root”; the id of a project or key, or project id/endpoint.</p>
      <Button onClick={clear}>Show all entries</Button>
    </Empty>
  );
}

function Nothing() {
  return (
    <Empty title="Nothing was changed yet">
      <p>As soon as an endpoint or a key is created here, by the command line or by the API, it says so.</p>
    </Empty>
  );
}
