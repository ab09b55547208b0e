import { Button } from '../../parts/Button';
import { Field, NativeSelect, TextInput } from '../../parts/Field';
import { Search } from '../../parts/List';
import { localTime } from '../../parts/localTime';
import { ACTIONS, type AuditFilter } from './data';

interface Props {
  filter: AuditFilter;
  set: (change: AuditFilter) => void;
  /** Nothing where no filter is set. */
  clear?: () => void;
}

export function AuditFilters({ filter, set, clear }: Props) {
  const time = (label: string, name: 'since' | 'until') => (
    <Field label={label}>
      <TextInput
        type="datetime-local"
        value={localTime(filter[name])}
        onChange={(event) => set({ [name]: event.target.value === '' ? undefined : new Date(event.target.value).toISOString() })}
      />
    </Field>
  );
  return (
    <div className="filters" role="search" aria-label="Audit log">
      <Search label="Who: id of a key, or root" value={filter.actor ?? ''} onChange={(actor) => set({ actor: actor.trim() || undefined })} />
      <Search label="On what: id" value={filter.target ?? ''} onChange={(target) => set({ target: target.trim() || undefined })} />
      <Field label="What was done">
        <NativeSelect value={filter.action ?? ''} onChange={(event) => set({ action: event.target.value || undefined })}>
          <option value="">Anything</option>
          {filter.action && !(filter.action in ACTIONS) && <option>{filter.action}</option>}
          {Object.entries(ACTIONS).map(([action, label]) => (
            <option key={action} value={action}>
              {label}
            </option>
          ))}
        </NativeSelect>
      </Field>
      {time('Since', 'since')}
      {time('Until', 'until')}
      {clear && <Button onClick={clear}>Clear</Button>}
    </div>
  );
}
