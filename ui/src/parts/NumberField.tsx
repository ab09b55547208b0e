/** A whole number, or none while the field is empty. */
import type { ReactNode } from 'react';
import type { Issue } from '../api/types';
import { Field, TextInput } from './Field';

interface Props {
  label: string;
  hint?: ReactNode;
  value: number | null;
  onChange: (value: number | null) => void;
  placeholder?: string;
  issues?: Issue[];
  onSuggestion?: (issue: Issue) => void;
}

export function NumberField({ label, hint, value, onChange, placeholder, issues, onSuggestion }: Props) {
  return (
    <Field label={label} hint={hint} issues={issues} onSuggestion={onSuggestion}>
      <TextInput
        type="number"
        inputMode="numeric"
        min={1}
        step={1}
        placeholder={placeholder}
        value={value ?? ''}
        onChange={(event) => onChange(event.target.value === '' ? null : event.target.valueAsNumber)}
      />
    </Field>
  );
}
