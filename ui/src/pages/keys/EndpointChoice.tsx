/** Which endpoints a key may use: all of its project, or some by name, found by the server. */
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { Choice } from '../../parts/Choice';
import { Issues, issuesAt } from '../../parts/Field';
import { Search } from '../../parts/List';
import { ListEditor } from '../../parts/ListEditor';
import { ProblemView } from '../../parts/ProblemView';
import { useMay } from '../../session/session';
import { endpointsOf } from './data';
import type { KeyForm } from './form';

export function EndpointChoice({ form, project }: { form: KeyForm; project: string }) {
  const name = useId();
  const mayRead = useMay('endpoints:read');
  const chosen = form.draft.endpoints;
  const [last, setLast] = useState<string[]>([]);
  const lift = () => {
    setLast(chosen ?? []);
    form.set({ endpoints: null });
  };
  const set = (endpoints: string[]) => form.set({ endpoints });
  return (
    <fieldset className="choices">
      <legend>Endpoints</legend>
      <Choice name={name} label="All endpoints of the project" isChosen={chosen === null} onChoose={lift}>
        Also those that are created later.
      </Choice>
      <Choice name={name} label="Only some endpoints" isChosen={chosen !== null} onChoose={() => set(last)} />
      {chosen !== null && mayRead && project !== '' && <Named project={project} chosen={chosen} onChange={set} />}
      {chosen !== null && (!mayRead || project === '') && (
        <ListEditor
          label="Names of endpoints"
          items={chosen}
          onChange={set}
          issues={form.issues}
          pointer="/endpoints"
          addLabel="Add an endpoint"
          emptyText="None: the key may use no endpoint."
        />
      )}
      {(mayRead || chosen === null) && <Issues issues={issuesAt(form.issues, '/endpoints')} />}
      <Issues issues={issuesAt(form.warnings, '/endpoints')} tone="warning" />
    </fieldset>
  );
}

function Named({ project, chosen, onChange }: { project: string; chosen: string[]; onChange: (names: string[]) => void }) {
  const [search, setSearch] = useState('');
  const found = useQuery(endpointsOf(project, search));
  const names = found.data?.data.map((endpoint) => endpoint.name) ?? [];
  const others = names.filter((name) => !chosen.includes(name));
  const box = (name: string) => (
    <li key={name}>
      <Choice
        type="checkbox"
        label={name}
        isChosen={chosen.includes(name)}
        onChoose={(isChosen) => onChange(isChosen ? [...chosen, name] : chosen.filter((other) => other !== name))}
      />
    </li>
  );
  const hasSearch = search !== '' || found.data?.has_more;
  return (
    <div className="named stack">
      {hasSearch && <Search label="Search the endpoints" value={search} onChange={setSearch} />}
      {chosen.length === 0 && <p className="list-empty">None is chosen: the key may use no endpoint.</p>}
      <ul className="named-list" aria-label="Endpoints that it may use">
        {[...chosen, ...others].map(box)}
      </ul>
      {found.error && <ProblemView error={found.error} />}
      {found.data && names.length === 0 && (
        <p className="hint">{search === '' ? 'The project has no endpoint yet.' : 'No endpoint has that in its name.'}</p>
      )}
      {found.data?.has_more && <p className="hint">There are more: search for the one that you mean.</p>}
    </div>
  );
}
