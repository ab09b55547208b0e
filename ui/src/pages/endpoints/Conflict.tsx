/** Somebody else saved in between: what they made of the fields that were changed here, and the two ways on. */
import { useEffect, useRef } from 'react';
import { changedPointers, isSame, mergePatch, valueAt } from '../../api/json';
import { Button } from '../../parts/Button';
import { fieldName, modelName } from './words';
import type { ModelDraft } from './draft';
import type { Editor } from './useEditor';

/** Where it stands on the page. */
export const CONFLICT = 'conflict';

export function Conflict({ editor }: { editor: Editor }) {
  const { basis, latest, patch } = editor;
  const notice = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Who is typing is told, and not interrupted; who wanted to save is brought here.
    if (!document.activeElement?.matches('input, textarea, select')) notice.current?.focus();
  }, []);
  const mine = changedPointers(patch);
  const theirs = changedPointers(mergePatch(basis.draft, latest.draft)).filter((pointer) => pointer !== '');
  const others = theirs.filter((pointer) => !mine.includes(pointer));
  return (
    <div ref={notice} id={CONFLICT} tabIndex={-1} className="notice notice-warn" role="alert">
      <strong>Somebody else changed this endpoint while you were writing</strong>
      <p>Nothing of yours is saved or lost. The fields that you changed:</p>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="What differs">
        <table>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Theirs</th>
              <th scope="col">Yours</th>
            </tr>
          </thead>
          <tbody>
            {mine.map((pointer) => {
              const [before, now] = [valueAt(basis.draft, pointer), valueAt(latest.draft, pointer)];
              return (
                <tr key={pointer}>
                  <th scope="row">{fieldName(pointer)}</th>
                  <td>
                    <Value of={now} pointer={pointer} />
                    <span className="hint">{isSame(before, now) ? 'unchanged by them' : 'changed by them'}</span>
                  </td>
                  <td>
                    <Value of={valueAt(patch, pointer)} pointer={pointer} />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {others.length > 0 && <p>They changed, too, and keep in either case: {others.map(fieldName).join(', ')}.</p>}
      <div className="row">
        <Button onClick={editor.loadTheirs}>Load theirs</Button>
        <Button variant="primary" isBusy={editor.isSaving} onClick={() => void editor.applyOnTop()}>
          Apply mine on top
        </Button>
      </div>
      <p className="hint">“Apply mine on top” saves your values of these fields over theirs; a list is replaced as a whole.</p>
    </div>
  );
}

function Value({ of: value, pointer }: { of: unknown; pointer: string }) {
  if (pointer === '/upstream/credential') return <p>{value === undefined ? 'not shown' : value === null ? 'removed' : 'a new one'}</p>;
  if (Array.isArray(value)) {
    if (value.length === 0) return <p>none</p>;
    return (
      <ul>
        {value.map((item: ModelDraft, line) => (
          <li key={line}>
            <code>{modelName(item)}</code>
            {typeof item !== 'string' && item.upstream_name && <> as {item.upstream_name}</>}
          </li>
        ))}
      </ul>
    );
  }
  return <p>{value === null || value === undefined ? 'the default' : String(value)}</p>;
}
