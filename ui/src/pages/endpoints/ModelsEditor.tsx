/** The models of an endpoint, each with the name that the upstream knows it by where that is another. */
import { useId, useRef } from 'react';
import { valueAt } from '../../api/json';
import { Button } from '../../parts/Button';
import { Issues, issuesAt } from '../../parts/Field';
import { useDraftForm } from './form';
import { modelName } from './words';
import type { ModelDraft } from './draft';

const upstreamName = (model: ModelDraft) => (typeof model === 'string' ? '' : (model.upstream_name ?? ''));

const model = (name: string, upstream: string): ModelDraft => (upstream === '' ? name : { name, upstream_name: upstream });

export function ModelsEditor() {
  const { draft, set, issues } = useDraftForm();
  const id = useId();
  const list = useRef<HTMLOListElement>(null);
  const models = (valueAt(draft, '/models') ?? []) as ModelDraft[];
  const focus = (line: number) =>
    requestAnimationFrame(() => list.current?.children[line]?.querySelector<HTMLInputElement>('input')?.focus());
  const add = (line: number) => {
    set('/models', models.toSpliced(line, 0, ''));
    focus(line);
  };
  const remove = (line: number) => {
    set('/models', models.toSpliced(line, 1));
    focus(Math.max(0, line - 1));
  };
  const change = (line: number, next: ModelDraft) => set('/models', models.with(line, next));
  return (
    <fieldset className="list-editor" aria-describedby={`${id}-hint`}>
      <legend>Model names</legend>
      <p className="hint" id={`${id}-hint`}>
        The names that clients may ask for; any other model is answered with 404. Where the upstream knows a model by another
        name, write that one beside it. An empty list means any model, and bodies are not looked at.
      </p>
      {models.length === 0 && <p className="list-empty">Any model.</p>}
      <ol ref={list}>
        {models.map((item, line) => (
          // Lines have no identity but their place.
          <li key={line}>
            <ModelLine
              line={line}
              item={item}
              onChange={(next) => change(line, next)}
              onEnter={() => add(line + 1)}
              onRemove={() => remove(line)}
            />
          </li>
        ))}
      </ol>
      <Issues issues={issues.filter(({ pointer }) => pointer === '/models')} />
      <Button size="small" onClick={() => add(models.length)}>
        Add a model
      </Button>
    </fieldset>
  );
}

interface LineProps {
  line: number;
  item: ModelDraft;
  onChange: (item: ModelDraft) => void;
  onEnter: () => void;
  onRemove: () => void;
}

function ModelLine({ line, item, onChange, onEnter, onRemove }: LineProps) {
  const { issues, set } = useDraftForm();
  const id = useId();
  const own = issuesAt(issues, `/models/${line}`);
  const shared = {
    className: 'input',
    spellCheck: false,
    autoCapitalize: 'off',
    'aria-invalid': own.length > 0 || undefined,
    'aria-describedby': own.length > 0 ? id : undefined,
    onKeyDown: (event: React.KeyboardEvent<HTMLInputElement>) => {
      if (event.key === 'Enter') {
        event.preventDefault();
        onEnter();
      } else if (event.key === 'Backspace' && item === '') {
        event.preventDefault();
        onRemove();
      }
    },
  };
  return (
    <>
      <div className="list-line model-line">
        <input
          {...shared}
          aria-label={`Model ${line + 1}`}
          placeholder="my-model"
          value={modelName(item)}
          onChange={(event) => onChange(model(event.target.value, upstreamName(item)))}
        />
        <input
          {...shared}
          aria-label={`Model ${line + 1}, name at the upstream`}
          placeholder="same name at the upstream"
          value={upstreamName(item)}
          onChange={(event) => onChange(model(modelName(item), event.target.value))}
        />
        <Button variant="quiet" size="small" aria-label={`Remove ${modelName(item) || `model ${line + 1}`}`} onClick={onRemove}>
          ✕
        </Button>
      </div>
      <div id={id}>
        <Issues issues={own} onSuggestion={(issue) => set(issue.pointer, issue.suggestion)} />
      </div>
    </>
  );
}
