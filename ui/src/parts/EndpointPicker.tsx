/** Chooses an endpoint by name, among those of a project that the server finds. */
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { answer, api } from '../api/client';
import { useProject, useProjects } from '../shell/project';
import type { Issue } from '../api/types';
import { Field, NativeSelect, TextInput } from './Field';
import { useQuiet } from './useQuiet';

export interface Chosen {
  project: string;
  endpoint: string;
}

interface Props {
  value: Chosen;
  onChange: (chosen: Chosen) => void;
  issues?: { project?: Issue[]; endpoint?: Issue[] };
  isOptional?: boolean;
}

/** What a picker begins with: the project that is looked at, and its endpoint if the address names one. */
export function useChosen(endpoint = ''): Chosen {
  const project = useProject();
  const { data } = useProjects();
  const projects = data?.pages[0]?.data ?? [];
  return { project: project ?? (projects.length === 1 ? (projects[0]?.slug ?? '') : ''), endpoint };
}

/** Names to choose from: of all endpoints of the project, those that have what was typed in them. */
function useEndpointNames(project: string, typed: string): string[] {
  const search = useQuiet(typed.trim().slice(0, 100));
  const { data } = useQuery({
    queryKey: ['endpoint-names', project, search],
    queryFn: () => {
      const query = { limit: 50, ...(search && { search }) };
      return answer(api.GET('/v1/projects/{project}/endpoints', { params: { path: { project }, query } }));
    },
    enabled: project !== '',
    placeholderData: (before) => before,
  });
  return data?.data.map(({ name }) => name) ?? [];
}

export function EndpointPicker({ value, onChange, issues, isOptional = false }: Props) {
  const id = useId();
  const fixed = useProject();
  const { data } = useProjects();
  const projects = data?.pages.flatMap((page) => page.data) ?? [];
  const names = useEndpointNames(value.project, value.endpoint);
  return (
    <div className="form-row">
      {fixed === null && (
        <Field label="Project" issues={issues?.project}>
          <NativeSelect
            required={!isOptional}
            value={value.project}
            onChange={(event) => onChange({ project: event.target.value, endpoint: '' })}
          >
            <option value="">Choose a project</option>
            {projects.map(({ slug, name }) => (
              <option key={slug} value={slug}>
                {name}
              </option>
            ))}
          </NativeSelect>
        </Field>
      )}
      <Field label="Endpoint" issues={issues?.endpoint}>
        <TextInput
          required={!isOptional}
          list={id}
          value={value.endpoint}
          placeholder={names[0]}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => onChange({ ...value, endpoint: event.target.value })}
        />
        <datalist id={id}>
          {names.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </Field>
    </div>
  );
}
