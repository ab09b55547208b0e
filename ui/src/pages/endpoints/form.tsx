/** The draft that is being written, and its fields: each knows its place in the document and what the server says of it. */
import { createContext, useContext, type ReactNode } from 'react';
import { valueAt } from '../../api/json';
import type { Issue } from '../../api/types';
import { Field, Issues, TextArea, TextInput, issuesAt } from '../../parts/Field';
import { ListEditor } from '../../parts/ListEditor';

interface DraftForm {
  draft: unknown;
  /** Undefined takes the member away. */
  set: (pointer: string, value: unknown) => void;
  /** Why it cannot be saved. */
  issues: Issue[];
  /** What can be saved, and is most likely not meant. */
  warnings: Issue[];
}

const FormContext = createContext<DraftForm | null>(null);

export const DraftFormProvider = FormContext;

export function useDraftForm(): DraftForm {
  const form = useContext(FormContext);
  if (!form) throw new Error('no form around this field');
  return form;
}

interface FieldProps {
  pointer: string;
  label: string;
  hint?: ReactNode;
}

/** A field around any control. */
export function DraftField({ pointer, label, hint, children }: FieldProps & { children: ReactNode }) {
  const form = useDraftForm();
  return (
    <div className="stack-tight field-and-warnings">
      <Field label={label} hint={hint} issues={issuesAt(form.issues, pointer)} onSuggestion={(issue) => cure(form, issue)}>
        {children}
      </Field>
      <DraftWarnings pointer={pointer} />
    </div>
  );
}

export function DraftWarnings({ pointer }: { pointer: string }) {
  const form = useDraftForm();
  return <Issues tone="warning" issues={issuesAt(form.warnings, pointer)} onSuggestion={(issue) => cure(form, issue)} />;
}

/** Puts what the server suggests where it says. */
export function cure(form: DraftForm, issue: Issue): void {
  form.set(issue.pointer, issue.suggestion);
}

interface TextProps extends FieldProps {
  placeholder?: string;
  type?: 'text' | 'url' | 'password';
  /** What an empty field means in the document. */
  empty?: '' | null | undefined;
  isLong?: boolean;
}

/** One line of text, or a long text. */
export function DraftText({ pointer, label, hint, placeholder, type = 'text', empty = '', isLong }: TextProps) {
  const { draft, set } = useDraftForm();
  const value = valueAt(draft, pointer);
  const shared = {
    value: typeof value === 'string' ? value : '',
    placeholder,
    spellCheck: false,
    autoComplete: 'off',
    autoCapitalize: 'off',
    onChange: (event: { target: { value: string } }) => set(pointer, event.target.value === '' ? empty : event.target.value),
  };
  return (
    <DraftField pointer={pointer} label={label} hint={hint}>
      {isLong ? <TextArea {...shared} rows={6} /> : <TextInput {...shared} type={type} />}
    </DraftField>
  );
}

/** A whole number; an empty field means the default. */
export function DraftNumber({ pointer, label, hint, placeholder }: FieldProps & { placeholder: string }) {
  const { draft, set } = useDraftForm();
  const value = valueAt(draft, pointer);
  return (
    <DraftField pointer={pointer} label={label} hint={hint}>
      <TextInput
        type="number"
        inputMode="numeric"
        min={0}
        step={1}
        placeholder={placeholder}
        value={typeof value === 'number' ? value : ''}
        onChange={(event) => set(pointer, event.target.value === '' ? null : Number(event.target.value))}
      />
    </DraftField>
  );
}

/** A list of texts, a line each. */
export function DraftList(props: FieldProps & { placeholder?: string; emptyText?: ReactNode; addLabel?: string }) {
  const { draft, set, issues, warnings } = useDraftForm();
  return (
    <ListEditor
      {...props}
      items={(valueAt(draft, props.pointer) ?? []) as string[]}
      onChange={(items) => set(props.pointer, items)}
      issues={issues}
      warnings={warnings}
    />
  );
}

/** What was said about places that no field on the page stands for. */
export function OtherIssues({ fields }: { fields: string[] }) {
  const { issues } = useDraftForm();
  const others = issues.filter(({ pointer }) => !fields.some((field) => pointer === field || pointer.startsWith(`${field}/`)));
  return <Issues issues={others} />;
}
