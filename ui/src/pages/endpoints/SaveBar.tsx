/** Stays in sight while something is not saved. */
import { Button } from '../../parts/Button';
import { impactInWords } from './ImpactView';
import { changedPointers } from './json';
import type { Editor } from './useEditor';

export function SaveBar({ editor }: { editor: Editor }) {
  return (
    <div className="save-bar">
      <p role="status">{stateInWords(editor)}</p>
      <Button onClick={editor.discard}>Discard</Button>
      <Button type="submit" variant="primary" isBusy={editor.isSaving} disabled={editor.isConflict}>
        Save
      </Button>
    </div>
  );
}

function stateInWords({ patch, checked, isConflict }: Editor): string {
  if (isConflict) return 'Changed by somebody else: choose above';
  const problems = checked.issues.length;
  if (problems > 0) return problems === 1 ? '1 problem to solve' : `${problems} problems to solve`;
  const count = changedPointers(patch).length;
  const fields = count === 1 ? '1 field changed' : `${count} fields changed`;
  return checked.impact ? `${fields}: ${impactInWords(checked.impact)}` : `${fields}, not saved`;
}
