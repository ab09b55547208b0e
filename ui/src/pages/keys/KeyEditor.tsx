/** What can be changed of a key, and the ways to save it without running over somebody else. */
import { useRef, useState } from 'react';
import { Button } from '../../parts/Button';
import { Confirm } from '../../parts/Confirm';
import { Issues } from '../../parts/Field';
import { LeaveGuard } from '../../parts/LeaveGuard';
import { ProblemView } from '../../parts/ProblemView';
import type { Tagged } from '../../api/client';
import type { ApiKey } from '../../api/types';
import { Conflict } from './Conflict';
import { FIELDS, fieldOf } from './document';
import { useKeyEditor } from './editor';
import { focusFirstInvalid } from './form';
import { Limits, NameField, Permissions } from './KeyFields';
import { widening } from './widening';

export function KeyEditor({ stored, isReadOnly }: { stored: Tagged<ApiKey>; isReadOnly: boolean }) {
  const editor = useKeyEditor(stored);
  const [consequences, setConsequences] = useState<string[] | null>(null);
  const place = useRef<HTMLFormElement>(null);
  const { form, problem } = editor;
  const { kind, project } = stored.data;
  const elsewhere = form.issues.filter((issue) => !FIELDS.some((field) => field === fieldOf(issue)));
  const submit = () => {
    if (!editor.isDirty || editor.theirs) return;
    if (form.issues.length > 0) focusFirstInvalid(place.current);
    const wider = widening(editor.before, editor.after);
    if (wider.length > 0) setConsequences(wider);
    else editor.save();
  };
  return (
    <form
      ref={place}
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <fieldset className="form" disabled={isReadOnly}>
        <legend className="visually-hidden">Settings of the key</legend>
        <section className="card" aria-labelledby="what-it-is">
          <h2 id="what-it-is">What it is for</h2>
          <NameField form={form} />
        </section>
        <Permissions form={form} kind={kind} project={project} />
        <Limits form={form} />
      </fieldset>
      <Issues issues={elsewhere} />
      {problem && problem.status !== 422 && <ProblemView error={problem} />}
      {editor.theirs && <Conflict mine={editor.before} theirs={editor.theirs} onLoad={editor.discard} onApply={editor.rebase} />}
      {!isReadOnly && (
        <div className="form-actions save-bar">
          <Button type="submit" variant="primary" isBusy={editor.isSaving} disabled={!editor.isDirty || editor.theirs !== null}>
            Save
          </Button>
          <Button disabled={!editor.isDirty} onClick={editor.discard}>
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
      <LeaveGuard isOn={editor.isDirty} what="The changes to this key are not saved, and will be lost." />
    </form>
  );
}

function state({ isDirty, theirs, form }: ReturnType<typeof useKeyEditor>): string {
  if (theirs) return 'Somebody else changed it: choose above whose is to stand.';
  if (form.issues.length > 0) return 'It cannot be saved so: see what is marked above.';
  return isDirty ? 'There are changes that are not saved.' : 'Everything is saved.';
}
