/** A list of short texts: one input a line, Enter adds the next, each with its own problems below it; or all as one text. */
import { useId, useRef, useState, type ClipboardEvent, type KeyboardEvent, type ReactNode } from 'react';
import type { Issue } from '../api/types';
import { Button } from './Button';
import { Issues } from './Field';
import { ListText } from './ListText';

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

/** A list that is longer is one text: thousands of inputs are slow. */
const MOST_LINES = 100;

export function ListEditor(props: Props) {
  const { label, hint, items, onChange, placeholder, issues = [], warnings = [], pointer, emptyText } = props;
  const id = useId();
  const list = useRef<HTMLOListElement>(null);
  const [wantsText, setWantsText] = useState(false);
  const isText = wantsText || items.length > MOST_LINES;
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
  // Several lines that are pasted are several entries.
  const onPaste = (index: number) => (event: ClipboardEvent<HTMLInputElement>) => {
    const pasted = event.clipboardData.getData('text').split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '');
    if (pasted.length < 2) return;
    event.preventDefault();
    onChange(items.toSpliced(items[index] === '' ? index : index + 1, items[index] === '' ? 1 : 0, ...pasted));
  };
  const changeText = (lines: string[]) => {
    // It stays a text when it gets shorter, under the hand of who writes it.
    setWantsText(true);
    onChange(lines);
  };
  const below = (all: Issue[]) => all.filter((issue) => issue.pointer.startsWith(`${pointer}/`));
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
      {items.length === 0 && !isText && emptyText && <p className="list-empty">{emptyText}</p>}
      {isText && (
        <ListText {...{ label, items, placeholder }} onChange={changeText} issues={below(issues)} warnings={below(warnings)} />
      )}
      <ol ref={list}>
        {(isText ? [] : items).map((item, index) => {
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
                  onPaste={onPaste(index)}
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
      <div className="row">
        {!isText && (
          <Button size="small" onClick={() => add(items.length)}>
            {props.addLabel ?? 'Add'}
          </Button>
        )}
        {items.length <= MOST_LINES && (items.length > 3 || wantsText) && (
          <Button size="small" variant="quiet" onClick={() => setWantsText(!wantsText)}>
            {wantsText ? 'Edit line by line' : 'Edit as text'}
          </Button>
        )}
      </div>
    </fieldset>
  );
}
