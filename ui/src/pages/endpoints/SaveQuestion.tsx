/** Asked before a change that lets more in, or that shuts out pages which call today. */
import { Confirm } from '../../parts/Confirm';
import { ImpactView } from './ImpactView';
import type { Editor, Question } from './useEditor';

export function SaveQuestion({ editor }: { editor: Editor }) {
  const { question, isSaving } = editor;
  const isWidening = (question?.consequences.length ?? 0) > 0;
  return (
    <Confirm
      isOpen={question !== null}
      title={isWidening ? 'This lets more in' : 'This shuts out pages that call today'}
      action={isWidening ? 'Save and let them in' : 'Save and refuse them'}
      tone="danger"
      isBusy={isSaving}
      onConfirm={editor.confirm}
      onCancel={editor.cancel}
    >
      {question && <Consequences question={question} />}
    </Confirm>
  );
}

function Consequences({ question: { consequences, judgement } }: { question: Question }) {
  const { impact } = judgement;
  const touchesSomebody = impact && impact.newly_admitted.length + impact.newly_refused.length > 0;
  return (
    <>
      {consequences.map((text) => (
        <p key={text}>{text}</p>
      ))}
      {touchesSomebody && <ImpactView impact={impact} />}
      <p className="hint">It holds from the next request on. You can take it back right after saving.</p>
    </>
  );
}
