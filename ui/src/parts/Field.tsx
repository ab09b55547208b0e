/** Fields of forms: a label, the control, what it means, and what the server has against it. */
import { createContext, useContext, useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes } from 'react';
import type { Issue } from '../api/types';
import { Prose } from './Prose';

interface Described {
  id: string;
  describedBy: string;
  isInvalid: boolean;
}

const FieldContext = createContext<Described | null>(null);

interface Props {
  label: ReactNode;
  hint?: ReactNode;
  /** What the server said about this field. */
  issues?: Issue[];
  /** Offered where an issue has a suggestion. */
  onSuggestion?: (issue: Issue) => void;
  children: ReactNode;
}

export function Field({ label, hint, issues = [], onSuggestion, children }: Props) {
  const id = useId();
  const described: Described = { id, describedBy: `${id}-about`, isInvalid: issues.length > 0 };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <FieldContext value={described}>{children}</FieldContext>
      <div id={described.describedBy} className="field-about">
        {hint && <p className="hint">{hint}</p>}
        <Issues issues={issues} onSuggestion={onSuggestion} />
      </div>
    </div>
  );
}

/** Problems or warnings in the server's own words, each with its cure where there is one. */
export function Issues({
  issues,
  onSuggestion,
  tone = 'error',
}: {
  issues: Issue[];
  onSuggestion?: (issue: Issue) => void;
  tone?: 'error' | 'warning';
}) {
  if (issues.length === 0) return null;
  return (
    <div role={tone === 'error' ? 'alert' : 'status'}>
      <ul className={`issues issues-${tone}`}>
        {issues.map((issue) => (
          <li key={`${issue.pointer} ${issue.code}`}>
            <span>
              <Prose>{issue.detail}</Prose>
            </span>
            {onSuggestion && issue.suggestion !== undefined && (
              <button type="button" className="button button-small button-plain" onClick={(event) => {
                  focusControl(event.currentTarget);
                  onSuggestion(issue);
                }}>
                Use <code>{typeof issue.suggestion === 'string' ? issue.suggestion : JSON.stringify(issue.suggestion)}</code>
              </button>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The button goes with its problem: the keyboard goes on in the field that was cured. */
function focusControl(button: HTMLElement): void {
  const field = button.closest('.issues')?.closest('.field, .field-and-warnings, .list-editor li, fieldset');
  field?.querySelector<HTMLElement>('input, textarea, select')?.focus();
}

function useDescribed() {
  const field = useContext(FieldContext);
  if (!field) return {};
  return { id: field.id, 'aria-describedby': field.describedBy, 'aria-invalid': field.isInvalid || undefined };
}

export function TextInput(props: InputHTMLAttributes<HTMLInputElement>) {
  return <input type="text" {...useDescribed()} {...props} className={`input ${props.className ?? ''}`} />;
}

export function TextArea(props: TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return <textarea {...useDescribed()} {...props} className={`input ${props.className ?? ''}`} />;
}

export function NativeSelect(props: SelectHTMLAttributes<HTMLSelectElement>) {
  return <select {...useDescribed()} {...props} className={`input ${props.className ?? ''}`} />;
}

/** The issues at one place of a document, or below it. */
export function issuesAt(issues: Issue[], pointer: string): Issue[] {
  return issues.filter((issue) => issue.pointer === pointer || issue.pointer.startsWith(`${pointer}/`));
}
