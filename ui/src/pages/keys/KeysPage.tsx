/** The keys of the chosen project, or all; the server searches, filters and pages. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from '../../parts/Button';
import { List, Search } from '../../parts/List';
import { Empty, Page } from '../../parts/Page';
import { useMay } from '../../session/session';
import { useProject } from '../../shell/project';
import { keysQuery, type KeyFilter } from './data';
import { KeysTable } from './KeysTable';

const route = getRouteApi('/keys');
const STATES = { active: 'Active', expired: 'Expired', revoked: 'Revoked', exposed: 'Exposed' };
const isState = (state = ''): state is keyof typeof STATES => state in STATES;

export default function KeysPage() {
  const mayWrite = useMay('keys:write');
  return (
    <Page
      title="Keys"
      lead="What a page or a server shows to be let in. Only a hash of each token is kept here."
      actions={
        mayWrite && (
          <Link to="/keys/new" className="button button-primary">
            Create a key
          </Link>
        )
      }
    >
      <Keys mayWrite={mayWrite} />
    </Page>
  );
}

function Keys({ mayWrite }: { mayWrite: boolean }) {
  const project = useProject();
  const { search, state, endpoint } = route.useSearch();
  const navigate = useNavigate();
  const filter: KeyFilter = {
    ...(project && { project }),
    ...(search && { search }),
    ...(isState(state) && { state }),
    ...(endpoint && { endpoint }),
  };
  const list = useInfiniteQuery(keysQuery(filter));
  const set = (change: { search?: string; state?: string; endpoint?: string }) =>
    navigate({ to: '/keys', search: (old) => ({ ...old, ...change }), replace: true });
  const isFiltered = Boolean(search || state || endpoint);
  const [clearings, setClearings] = useState(0);
  const clear = () => {
    // What is typed is forgotten once the address is empty.
    void set({ search: undefined, state: undefined, endpoint: undefined }).then(() => setClearings(clearings + 1));
  };
  return (
    <>
      <div className="filters" role="search" aria-label="Keys" key={clearings}>
        <Search label="Search by name or id" value={search ?? ''} onChange={(text) => void set({ search: text || undefined })} />
        <Search label="Endpoint that it may use" value={endpoint ?? ''} onChange={(text) => void set({ endpoint: text || undefined })} />
        <select className="input" aria-label="Status" value={state ?? ''} onChange={(event) => void set({ state: event.target.value || undefined })}>
          <option value="">Any status</option>
          {Object.entries(STATES).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        {isFiltered && <Button onClick={clear}>Clear</Button>}
      </div>
      <List list={list} empty={isFiltered ? <NoMatch clear={clear} /> : <NoKeys project={project} mayWrite={mayWrite} />}>
        {(keys) => <KeysTable keys={keys} hasProject={project !== null} />}
      </List>
    </>
  );
}

function NoMatch({ clear }: { clear: () => void }) {
  return (
    <Empty title="No key is like that">
      <p>Names and ids are searched for what you type, in upper or lower case; tokens are not kept and cannot be searched.</p>
      <Button onClick={clear}>Show all keys</Button>
    </Empty>
  );
}

function NoKeys({ project, mayWrite }: { project: string | null; mayWrite: boolean }) {
  return (
    <Empty title={project ? `${project} has no keys yet` : 'There are no keys yet'}>
      <p>
        A web page needs a publishable key, which may be read by anyone and is good only for the origins that you allow. A server
        needs a secret one.
      </p>
      {mayWrite ? (
        <Link to="/keys/new" className="button button-primary">
          Create the first key
        </Link>
      ) : (
        <p>Whoever has a key with the scope keys:write, or the root key, can create one.</p>
      )}
    </Empty>
  );
}
