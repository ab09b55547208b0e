/** The change so far: what it means for pages, and exactly what will be sent. */
import { useState } from 'react';
import { changedPointers } from '../../api/json';
import { Badge } from '../../parts/Badge';
import { Code } from '../../parts/Copy';
import { ProblemView } from '../../parts/ProblemView';
import { commandText, requestText } from './command';
import { ImpactView } from './ImpactView';
import { SaveBar } from './SaveBar';
import { fieldName } from './words';
import type { Editor } from './useEditor';

export function ChangeCard({ editor }: { editor: Editor }) {
  const { patch, basis, checked } = editor;
  const { project, name } = basis.endpoint;
  const [isOpen, setIsOpen] = useState(false);
  if (!patch) return null;
  return (
    <section className="card" aria-labelledby="change">
      <h2 id="change">Your change</h2>
      <SaveBar editor={editor} />
      {editor.error && <ProblemView error={editor.error} title="Not saved" />}
      <p className="row">
        {changedPointers(patch).map((pointer) => (
          <Badge key={pointer}>{fieldName(pointer)}</Badge>
        ))}
      </p>
      {checked.impact && (
        <div className="stack-tight">
          <h3>What this changes for pages</h3>
          <ImpactView impact={checked.impact} />
        </div>
      )}
      <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
        <summary>What will be sent</summary>
        {isOpen && (
          <div className="details-content">
            <Code label="The request">{requestText(`/v1/projects/${project}/endpoints/${name}`, basis.etag, patch)}</Code>
            <p className="hint">As a command:</p>
            <Code label="The command">{commandText(project, name, basis.draft.cors.allowedOrigins, patch)}</Code>
          </div>
        )}
      </details>
    </section>
  );
}
