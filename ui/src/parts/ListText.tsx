/** A long list as one text, an entry a line: quick with thousands of them, and easy to paste into. */
import { useId } from 'react';
import type { Issue } from '../api/types';
import { Issues } from './Field';

interface Props {
  label: string;
  items: string[];
  onChange: (items: string[]) => void;
  placeholder?: string;
  /** About single entries: their pointers end in the entry's place. */
  issues: Issue[];
  warnings: Issue[];
}

/** More than these are not shown; who cures them is shown the next. */
const MOST = 20;

export function ListText({ label, items, onChange, placeholder, issues, warnings }: Props) {
  const id = useId();
  const suggest = (issue: Issue) => onChange(items.with(placeOf(issue), String(issue.suggestion)));
  return (
    <>
      <textarea
        className="input"
        rows={Math.min(20, Math.max(5, items.length + 1))}
        value={items.join('\n')}
        placeholder={placeholder}
        spellCheck={false}
        autoCapitalize="off"
        aria-label={`${label}, one a line`}
        aria-invalid={issues.length > 0 || undefined}
        aria-describedby={issues.length > 0 ? id : undefined}
        onChange={(event) => onChange(event.target.value === '' ? [] : event.target.value.split('\n'))}
      />
      <div id={id}>
        <Issues issues={issues.slice(0, MOST).map(withLine)} onSuggestion={suggest} />
        <Issues issues={warnings.slice(0, MOST).map(withLine)} onSuggestion={suggest} tone="warning" />
      </div>
    </>
  );
}

function placeOf({ pointer }: Issue): number {
  return Number(pointer.slice(pointer.lastIndexOf('/') + 1));
}

function withLine(issue: Issue): Issue {
  return { ...issue, detail: `Line ${placeOf(issue) + 1}: ${issue.detail}` };
}
