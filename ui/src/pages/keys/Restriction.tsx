/** A list that lifts its restriction when it is absent, and lets nobody through when it is empty. */
import { useId, useState, type ReactNode } from 'react';
import { Choice } from '../../parts/Choice';
import { Issues, issuesAt } from '../../parts/Field';
import { ListEditor } from '../../parts/ListEditor';
import type { KeyForm } from './form';

interface Props {
  form: KeyForm;
  field: 'allowed_origins' | 'allowed_ips';
  legend: string;
  any: { label: string; about: ReactNode };
  only: { label: string; about: ReactNode };
  lines: { label: string; placeholder: string; empty: string; add: string };
}

export function Restriction({ form, field, legend, any, only, lines }: Props) {
  const name = useId();
  const pointer = `/${field}`;
  const items = form.draft[field];
  // What was listed comes back when the other choice was a mistake.
  const [last, setLast] = useState<string[]>(['']);
  const lift = () => {
    setLast(items ?? ['']);
    form.set({ [field]: null });
  };
  return (
    <fieldset className="choices">
      <legend>{legend}</legend>
      <Choice name={name} label={any.label} isChosen={items === null} onChoose={lift}>
        {any.about}
      </Choice>
      <Choice name={name} label={only.label} isChosen={items !== null} onChoose={() => form.set({ [field]: last })}>
        {only.about}
      </Choice>
      {items === null ? (
        <>
          <Issues issues={issuesAt(form.issues, pointer)} onSuggestion={form.fix} />
          <Issues issues={issuesAt(form.warnings, pointer)} onSuggestion={form.fix} tone="warning" />
        </>
      ) : (
        <ListEditor
          label={lines.label}
          placeholder={lines.placeholder}
          emptyText={lines.empty}
          addLabel={lines.add}
          items={items}
          onChange={(list) => form.set({ [field]: list })}
          issues={form.issues}
          warnings={form.warnings}
          pointer={pointer}
        />
      )}
    </fieldset>
  );
}

export function Origins({ form }: { form: KeyForm }) {
  return (
    <Restriction
      form={form}
      field="allowed_origins"
      legend="Web origins"
      any={{ label: 'Any origin that the endpoint lists', about: 'At an endpoint that lists none, no page may use the key.' }}
      only={{
        label: 'Only these origins',
        about: 'They narrow what the endpoint lists, and decide alone at an endpoint that lists none.',
      }}
      lines={{
        label: 'Origins that may use it',
        placeholder: 'https://app.example.com',
        empty: 'Nobody: no page of any origin may use the key. Add an origin, or choose any.',
        add: 'Add an origin',
      }}
    />
  );
}

export function Networks({ form }: { form: KeyForm }) {
  return (
    <Restriction
      form={form}
      field="allowed_ips"
      legend="Networks"
      any={{ label: 'Any network', about: 'Wherever the request comes from.' }}
      only={{ label: 'Only these networks', about: 'IPv4 and IPv6 addresses, and blocks in CIDR form such as 192.0.2.0/24.' }}
      lines={{
        label: 'Networks that may use it',
        placeholder: '192.0.2.0/24',
        empty: 'Nobody: no address may use the key. Add a network, or choose any.',
        add: 'Add a network',
      }}
    />
  );
}
