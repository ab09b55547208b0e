/** The token of another gateway, so that what has it keeps working. */
import type { Issue } from '../../api/types';
import { Field, Issues, issuesAt, TextInput } from '../../parts/Field';

interface Props {
  value: string;
  onChange: (token: string) => void;
  issues: Issue[];
  warnings: Issue[];
}

export function ImportField({ value, onChange, issues, warnings }: Props) {
  return (
    <details className="card">
      <summary>Import the token of another gateway</summary>
      <Field
        label="Existing token"
        hint="Empty: a new token is made, which is better. An imported one opens this key from now on; 16 to 256 of A-Z a-z 0-9 . _ ~ + / = -"
        issues={issuesAt(issues, '/token')}
      >
        <TextInput
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={value}
          onChange={(event) => onChange(event.target.value.trim())}
        />
      </Field>
      <Issues issues={issuesAt(warnings, '/token')} tone="warning" />
    </details>
  );
}
