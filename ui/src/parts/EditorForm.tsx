/** The frame of every form for what is stored: saving, what it would let in, somebody else's changes, and leaving. */
import { useState, type ReactNode } from 'react';
import type { Editor } from '../api/editor';
import type { Issue } from '../api/types';
import { Button } from './Button';
import { Confirm } from './Confirm';
import { Conflict } from './Conflict';
import { Issues } from './Field';
import { LeaveGuard } from './LeaveGuard';
import { ProblemView } from './ProblemView';
import { useProblemFocus } from './useProblemFocus';

interface Props<D> {
  editor: Editor<D>;
  legend: string;
  /** What the draft lets through that was refused before, in sentences. */
  widening: (before: D, after: D) => string[];
  isReadOnly: boolean;
  /** Choosing another project shows another form. */
  isPerProject?: boolean;
  children: ReactNode;
}

export function EditorForm<D extends object>({ editor, legend, widening, isReadOnly, isPerProject, children }: Props<D>) {
  const [consequences, setConsequences] = useState<string[] | null>(null);
  const focus = useProblemFocus(editor.issues);
  const { problem, theirs, isDirty } = editor;
  const fields = Object.keys(editor.draft);
  const isElsewhere = (issue: Issue) => !fields.includes(issue.pointer.split('/')[1] ?? '');
  const submit = () => {
    if (!isDirty || theirs) return;
    focus.want(true);
    const wider = widening(editor.before, editor.after);
    if (wider.length > 0 && editor.issues.length === 0) setConsequences(wider);
    else editor.save();
  };
  return (
    <form
      ref={focus.form}
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Issues issues={editor.warnings.filter(isElsewhere)} tone="warning" />
      <fieldset className="form" disabled={isReadOnly}>
        <legend className="visually-hidden">{legend}</legend>
        {children}
      </fieldset>
      <Issues issues={editor.issues.filter(isElsewhere)} />
      {problem && problem.status !== 422 && <ProblemView error={problem} />}
      {theirs && <Conflict mine={editor.before} theirs={theirs} onLoad={editor.discard} onApply={editor.rebase} />}
      {!isReadOnly && (
        <div className="form-actions save-bar">
          <Button type="submit" variant="primary" isBusy={editor.isSaving} disabled={!isDirty || theirs !== null}>
            Save
          </Button>
          <Button disabled={!isDirty} onClick={editor.discard}>
            Discard
          </Button>
          <span className="hint" role="status">
            {state(editor)}
          </span>
        </div>
      )}
      <Confirm
        isOpen={consequences !== null}
        title="This lets more in"
        action="Save it so"
        tone="primary"
        onCancel={() => setConsequences(null)}
        onConfirm={() => {
          setConsequences(null);
          editor.save();
        }}
      >
        <p>From the next request on:</p>
        <ul className="bullets">
          {consequences?.map((consequence) => (
            <li key={consequence}>{consequence}</li>
          ))}
        </ul>
      </Confirm>
      <LeaveGuard isOn={isDirty} isPerProject={isPerProject} what="What you changed here is not saved, and will be lost." />
    </form>
  );
}

function state({ isDirty, theirs, issues }: Pick<Editor<object>, 'isDirty' | 'theirs' | 'issues'>): string {
  if (theirs) return 'Somebody else changed it: choose above whose is to stand.';
  if (issues.length > 0) return 'It cannot be saved so: see what is marked above.';
  return isDirty ? 'There are changes that are not saved.' : 'Everything is saved.';
}
