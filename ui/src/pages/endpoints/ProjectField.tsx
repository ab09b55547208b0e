/** Which project something is made in, where none is chosen. */
import { useId } from 'react';
import { Field, NativeSelect, TextInput } from '../../parts/Field';
import { useProjects } from '../../shell/project';

interface Props {
  value: string;
  onChange: (slug: string) => void;
}

export function ProjectField({ value, onChange }: Props) {
  const { data, hasNextPage } = useProjects();
  const id = useId();
  const projects = data?.pages.flatMap((page) => page.data) ?? [];
  const options = projects.map(({ slug, name }) => (
    <option key={slug} value={slug}>
      {name}
    </option>
  ));
  return (
    <Field label="Project" hint="Its keys may use the endpoint; other projects’ keys never can.">
      {hasNextPage ? (
        // Too many to choose from: the slug is typed, with the first ones offered.
        <>
          <TextInput required list={id} value={value} spellCheck={false} onChange={(event) => onChange(event.target.value)} />
          <datalist id={id}>{options}</datalist>
        </>
      ) : (
        <NativeSelect required value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">Choose a project</option>
          {options}
        </NativeSelect>
      )}
    </Field>
  );
}
