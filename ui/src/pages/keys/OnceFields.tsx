/** What is chosen when a key is created, and never changes. */
import { useId } from 'react';
import type { ApiKey, Issue } from '../../api/types';
import { Choice } from '../../parts/Choice';
import { Field, issuesAt, NativeSelect, TextInput } from '../../parts/Field';
import { useSession } from '../../session/session';
import { useProjects } from '../../shell/project';
import { KINDS, MODES } from './words';

interface ProjectProps {
  value: string;
  onChange: (project: string) => void;
  issues: Issue[];
}

/** The root key chooses a project; any other key's is given. */
export function ProjectField({ value, onChange, issues }: ProjectProps) {
  const session = useSession();
  const projects = useProjects();
  if (!session.is_root) return null;
  const all = projects.data?.pages.flatMap((page) => page.data) ?? [];
  const isKnown = value === '' || all.some(({ slug }) => slug === value);
  return (
    <Field
      label="Project"
      issues={issuesAt(issues, '/project')}
      hint={projects.hasNextPage ? 'The id or slug of the project.' : 'The key belongs to it, and opens nothing of another.'}
    >
      {projects.hasNextPage ? (
        <TextInput value={value} spellCheck={false} autoCapitalize="off" onChange={(event) => onChange(event.target.value.trim())} />
      ) : (
        <NativeSelect value={value} required onChange={(event) => onChange(event.target.value)}>
          <option value="">Choose a project</option>
          {!isKnown && <option value={value}>{value}</option>}
          {all.map(({ slug, name }) => (
            <option key={slug} value={slug}>
              {name === slug ? slug : `${name} (${slug})`}
            </option>
          ))}
        </NativeSelect>
      )}
    </Field>
  );
}

export function KindField({ value, onChange }: { value: ApiKey['kind']; onChange: (kind: ApiKey['kind']) => void }) {
  return <Chosen legend="Kind" words={KINDS} value={value} onChange={onChange} />;
}

export function ModeField({ value, onChange }: { value: ApiKey['mode']; onChange: (mode: ApiKey['mode']) => void }) {
  return <Chosen legend="Mode" words={MODES} value={value} onChange={onChange} />;
}

interface ChosenProps<V extends string> {
  legend: string;
  words: Record<V, { label: string; about: string }>;
  value: V;
  onChange: (value: V) => void;
}

function Chosen<V extends string>({ legend, words, value, onChange }: ChosenProps<V>) {
  const name = useId();
  return (
    <fieldset className="choices">
      <legend>{legend}</legend>
      {(Object.keys(words) as V[]).map((choice) => (
        <Choice key={choice} name={name} label={words[choice].label} isChosen={value === choice} onChoose={() => onChange(choice)}>
          {words[choice].about}
        </Choice>
      ))}
    </fieldset>
  );
}
