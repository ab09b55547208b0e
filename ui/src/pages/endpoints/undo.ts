/** Taking a saved change back, unless somebody else changed something since. */
import type { QueryClient } from '@tanstack/react-query';
import { ApiProblem, type Tagged } from '../../api/client';
import type { Endpoint, EndpointUpdate } from '../../api/types';
import { say } from '../../parts/toasts';
import { draftOf, patchOf, type Draft } from './draft';
import { endpointKey, updateEndpoint } from './endpointsApi';

/** A credential is never read back, so a change of it cannot be taken back either. */
export function canUndo(patch: EndpointUpdate): boolean {
  return patch.upstream?.credential === undefined;
}

export async function undoChange(client: QueryClient, before: Draft, saved: Tagged<Endpoint>): Promise<void> {
  const { project, name } = saved.data;
  try {
    const back = await updateEndpoint(project, name, saved.etag, patchOf(draftOf(saved.data), before) ?? {});
    client.setQueryData(endpointKey(project, name), back);
    say(`${name} is as it was before`);
  } catch (error) {
    const isConflict = error instanceof ApiProblem && error.isConflict;
    const why = isConflict ? 'somebody changed it since' : error instanceof ApiProblem ? error.detail : String(error);
    say(`${name} was not changed back: ${why}`);
    await client.invalidateQueries({ queryKey: endpointKey(project, name) });
  }
  await client.invalidateQueries({ queryKey: ['endpoints'] });
}
