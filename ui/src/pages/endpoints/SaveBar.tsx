/** How the change stands, and what to do with it; where there is no room at the side it stays at the bottom edge. */
import { changedPointers } from '../../api/json';
import { Button } from '../../parts/Button';
import { CONFLICT } from './Conflict';
import { impactInWords } from './ImpactView';
import type { Editor } from './useEditor';

/** The form that is saved; the bar stands beside it. */
export const EDITOR_FORM = 'endpoint-editor';

export function SaveBar({ editor }: { editor: Editor }) {
  const { impact } = editor.checked;
  return (
    <div className="change-bar">
      <p role="status">
        {stateInWords(editor)}
        {impact && <span className="change-bar-impact">: {impactInWords(impact)}</span>}
      </p>
      <Button onClick={editor.discard}>Discard</Button>
      {editor.isConflict ? (
        <Button variant="primary" onClick={() => document.getElementById(CONFLICT)?.focus()}>
          See what differs
        </Button>
      ) : (
        <Button type="submit" form={EDITOR_FORM} variant="primary" isBusy={editor.isSaving}>
          Save
        </Button>
      )}
    </div>
  );
}

function stateInWords({ patch, checked, isConflict }: Editor): string {
  if (isConflict) return 'Changed by somebody else';
  const problems = checked.issues.length;
  if (problems > 0) return problems === 1 ? '1 problem to solve' : `${problems} problems to solve`;
  const count = changedPointers(patch).length;
  return count === 1 ? '1 field changed, not saved' : `${count} fields changed, not saved`;
}
