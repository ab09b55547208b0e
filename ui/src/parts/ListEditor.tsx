/** A list of short texts: one input a line, Enter adds the next, each with its own problems below it. */
import { useId, useRef, type KeyboardEvent, type ReactNode } from 'react';
import type { Issue } from '../api/types';
import { Button } from './Button';
import { Issues } from './Field';

interface Props {
  label: string;
  hint?: ReactNode;
  items: string[];
  onChange: (items: string[]) => void;
  placeholder?: string;
  /** All issues of the document; those at `pointer/N` stand below the Nth line, those at `pointer` below the list. */
  issues?: Issue[];
  warnings?: Issue[];
  pointer: string;
  emptyText?: ReactNode;
  addLabel?: string;
  isDisabled?: boolean;
}

export function ListEditor(props: Props) {
  const { label, hint, items, onChange, placeholder, issues = [], warnings = [], pointer, emptyText } = props;
  const id = useId();
  const list = useRef<HTMLOListElement>(null);
  const focus = (index: number) =>
    requestAnimationFrame(() => list.current?.querySelectorAll<HTMLInputElement>('input')[index]?.focus());
  const set = (index: number, value: string) => onChange(items.map((item, at) => (at === index ? value : item)));
  const remove = (index: number) => {
    onChange(items.filter((_, at) => at !== index));
    focus(Math.max(0, index - 1));
  };
  const add = (after: number) => {
    onChange([...items.slice(0, after), '', ...items.slice(after)]);
    focus(after);
  };
  const onKeyDown = (index: number) => (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === 'Enter') {
      event.preventDefault();
      add(index + 1);
    } else if (event.key === 'Backspace' && items[index] === '') {
      event.preventDefault();
      remove(index);
    }
  };
  const at = (all: Issue[], place: string) => all.filter((issue) => issue.pointer === place);
  const suggest = (index: number) => (issue: Issue) => set(index, String(issue.suggestion));
  const suggestList = (issue: Issue) => Array.isArray(issue.suggestion) && onChange(issue.suggestion as string[]);
  return (
    <fieldset className="list-editor" aria-describedby={hint ? `${id}-hint` : undefined} disabled={props.isDisabled}>
      <legend>{label}</legend>
      {hint && (
        <div className="hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      {items.length === 0 && emptyText && <p className="list-empty">{emptyText}</p>}
      <ol ref={list}>
        {items.map((item, index) => {
          const own = at(issues, `${pointer}/${index}`);
          return (
            // Lines have no identity but their place.
            <li key={index}>
              <div className="list-line">
                <input
                  className="input"
                  value={item}
                  placeholder={placeholder}
                  spellCheck={false}
                  autoCapitalize="off"
                  aria-label={`${label}, line ${index + 1}`}
                  aria-invalid={own.length > 0 || undefined}
                  aria-describedby={own.length > 0 ? `${id}-${index}` : undefined}
                  onChange={(event) => set(index, event.target.value)}
                  onKeyDown={onKeyDown(index)}
                />
                <Button variant="quiet" size="small" aria-label={`Remove ${item || `line ${index + 1}`}`} onClick={() => remove(index)}>
                  ✕
                </Button>
              </div>
              <div id={`${id}-${index}`}>
                <Issues issues={own} onSuggestion={suggest(index)} />
                <Issues issues={at(warnings, `${pointer}/${index}`)} onSuggestion={suggest(index)} tone="warning" />
              </div>
            </li>
          );
        })}
      </ol>
      <Issues issues={at(issues, pointer)} onSuggestion={suggestList} />
      <Issues issues={at(warnings, pointer)} onSuggestion={suggestList} tone="warning" />
      <Button size="small" onClick={() => add(items.length)}>
        {props.addLabel ?? 'Add'}
      </Button>
    </fieldset>
  );
}
