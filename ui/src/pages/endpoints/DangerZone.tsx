/** Deleting the endpoint, with what that breaks. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiProblem } from '../../api/client';
import type { ApiKey } from '../../api/types';
import { Button } from '../../parts/Button';
import { Confirm } from '../../parts/Confirm';
import { ProblemView } from '../../parts/ProblemView';
import { say } from '../../parts/toasts';
import { useMay } from '../../session/session';
import { deleteEndpoint, endpointKey, keysThatName, MOST_KEYS } from './endpointsApi';
import type { Basis } from './useEditor';

export function DangerZone({ basis }: { basis: Basis }) {
  const { project, name, url } = basis.endpoint;
  const client = useQueryClient();
  const navigate = useNavigate();
  const [isAsking, setIsAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => deleteEndpoint(project, name, basis.etag),
    onSuccess: async () => {
      await navigate({ to: '/endpoints', search: { project }, ignoreBlocker: true });
      client.removeQueries({ queryKey: endpointKey(project, name) });
      await client.invalidateQueries({ queryKey: ['endpoints'] });
      say(`Endpoint ${name} deleted`);
    },
    onError: (error) => {
      setIsAsking(false);
      if (error instanceof ApiProblem && error.isConflict) void client.invalidateQueries({ queryKey: endpointKey(project, name) });
    },
  });
  return (
    <section className="card danger-zone" aria-labelledby="danger">
      <h2 id="danger">Delete this endpoint</h2>
      <p>Whoever calls it gets 404 from the next request on. This cannot be undone.</p>
      {remove.error && <ProblemView error={remove.error} title="It was not deleted" />}
      <div>
        <Button variant="danger" onClick={() => setIsAsking(true)}>
          Delete {name}
        </Button>
      </div>
      <Confirm
        isOpen={isAsking}
        title={`Delete ${name}?`}
        action="Delete it"
        isBusy={remove.isPending}
        onConfirm={() => remove.mutate()}
        onCancel={() => setIsAsking(false)}
      >
        <ul className="bullets">
          <li>
            Pages and servers that call <code>{url}</code> get 404 <code>endpoint_not_found</code> at once.
          </li>
          <KeysThatNameIt project={project} name={name} isOpen={isAsking} />
          <li>Its settings, its upstream’s credential and its refusals are gone for good.</li>
        </ul>
      </Confirm>
    </section>
  );
}

function KeysThatNameIt({ project, name, isOpen }: { project: string; name: string; isOpen: boolean }) {
  const may = useMay('keys:read');
  const { data, isPending } = useQuery({ ...keysThatName(project, name), enabled: may && isOpen });
  if (!may) return <li>Keys that name it lose it. Your key may not see which.</li>;
  if (isPending) return <li>Looking for keys that name it…</li>;
  if (!data) return <li>Keys that name it lose it. Which ones could not be read.</li>;
  const { naming } = data;
  const bound = data.isPartial ? `, among the ${MOST_KEYS.toLocaleString('en')} looked at` : '';
  if (naming.length === 0) return <li>No active key names it{bound}.</li>;
  const stranded = naming.filter(({ endpoints }) => endpoints?.length === 1);
  return (
    <>
      <li>
        {naming.length === 1 ? 'One active key names it and loses it' : `${naming.length.toLocaleString('en')} active keys name it and lose it`}
        {bound}: {namesOf(naming)}.
      </li>
      {stranded.length > 0 && <li>After that these can use no endpoint at all: {namesOf(stranded)}.</li>}
    </>
  );
}

function namesOf(keys: ApiKey[]): string {
  const names = keys.slice(0, 10).map((key) => key.name || key.id);
  return keys.length > 10 ? `${names.join(', ')} and ${keys.length - 10} more` : names.join(', ');
}
