/** Asked before a change that lets more in, or that shuts out pages which call today. */
import { Confirm } from '../../parts/Confirm';
import { canUndo, patchOf } from './draft';
import { ImpactView } from './ImpactView';
import type { Editor, Question } from './useEditor';

export function SaveQuestion({ editor }: { editor: Editor }) {
  const { question, isSaving } = editor;
  const { newly_admitted: admitted = [], newly_refused: refused = [] } = question?.judgement.impact ?? {};
  const isWidening = (question?.consequences.length ?? 0) + admitted.length > 0;
  const isRefusing = refused.length > 0;
  const title = [...(isWidening ? ['lets more in'] : []), ...(isRefusing ? ['shuts out pages that call today'] : [])];
  return (
    <Confirm
      isOpen={question !== null}
      title={`This ${title.join(', and ')}`}
      action={isWidening && isRefusing ? 'Save both' : isWidening ? 'Save and let more in' : 'Save and refuse them'}
      tone="danger"
      isBusy={isSaving}
      onConfirm={editor.confirm}
      onCancel={editor.cancel}
    >
      {question && <Consequences question={question} />}
    </Confirm>
  );
}

function Consequences({ question }: { question: Question }) {
  const { basis, wanted, consequences, judgement } = question;
  const { impact } = judgement;
  const canBeUndone = canUndo(patchOf(basis.draft, wanted) ?? {});
  const touchesSomebody = impact && impact.newly_admitted.length + impact.newly_refused.length > 0;
  return (
    <>
      {consequences.map((text) => (
        <p key={text}>{text}</p>
      ))}
      {touchesSomebody && <ImpactView impact={impact} />}
      <p className="hint">It holds from the next request on.{canBeUndone && ' You can take it back right after saving.'}</p>
    </>
  );
}
