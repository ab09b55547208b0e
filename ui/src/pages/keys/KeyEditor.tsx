/** What can be changed of a key. */
import { useQuery } from '@tanstack/react-query';
import type { Tagged } from '../../api/client';
import { useEditor } from '../../api/editor';
import type { ApiKey } from '../../api/types';
import { EditorForm } from '../../parts/EditorForm';
import { useMay } from '../../session/session';
import { projectQuery } from '../settings/data';
import { checkKey, updateKey, useKeep, useReload } from './data';
import { draftOf, type KeyDraft } from './document';
import { keyForm } from './form';
import { Limits, NameField, Permissions } from './KeyFields';
import { widening } from './widening';

export function KeyEditor({ stored, isReadOnly }: { stored: Tagged<ApiKey>; isReadOnly: boolean }) {
  const { id, kind, project } = stored.data;
  const editor = useEditor(stored, {
    nameOf: ({ name }) => name,
    draftOf,
    update: (etag, patch) => updateKey(id, etag, patch),
    check: (etag, patch, signal) => checkKey(id, etag, patch, signal),
    keep: useKeep(),
    reload: useReload(id),
  });
  const mayReadProject = useMay('endpoints:read');
  const { data: owner } = useQuery({ ...projectQuery(project), enabled: mayReadProject });
  const widenings = (before: KeyDraft, after: KeyDraft) => widening(before, after, owner?.data.rate_limit);
  const form = keyForm(editor.draft, editor.edit, editor);
  return (
    <EditorForm editor={editor} legend="Settings of the key" widening={widenings} isReadOnly={isReadOnly}>
      <section className="card" aria-labelledby="what-it-is">
        <h2 id="what-it-is">What it is for</h2>
        <NameField form={form} />
      </section>
      <Permissions form={form} kind={kind} project={project} />
      <Limits form={form} />
    </EditorForm>
  );
}
