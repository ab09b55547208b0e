/** A new key; checked by the server while it is typed, its token shown once. */
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiProblem } from '../../api/client';
import { isSame } from '../../api/json';
import { withoutBlanks } from '../../api/lines';
import type { ApiKey, ApiKeyCreate } from '../../api/types';
import { useDryRun } from '../../api/useDryRun';
import { Button } from '../../parts/Button';
import { Issues } from '../../parts/Field';
import { LeaveGuard } from '../../parts/LeaveGuard';
import { Page } from '../../parts/Page';
import { ProblemView } from '../../parts/ProblemView';
import { useProblemFocus } from '../../parts/useProblemFocus';
import { NeedsScope } from '../../session/NeedsScope';
import { useMay } from '../../session/session';
import { useProject } from '../../shell/project';
import { checkNewKey, createKey, useKeep, withoutToken } from './data';
import { FIELDS, fieldOf, NEW_KEY, type KeyDraft } from './document';
import { keyForm } from './form';
import { ImportField } from './ImportField';
import { Limits, NameField, Permissions } from './KeyFields';
import { KindField, ModeField, ProjectField } from './OnceFields';
import { TokenDialog } from './TokenDialog';

/** What is said once, at creation, and never changes. */
interface Once {
  project: string;
  kind: ApiKey['kind'];
  mode: ApiKey['mode'];
  /** The token of another gateway; empty where a new one is to be made. */
  token: string;
}

export default function NewKeyPage() {
  const mayWrite = useMay('keys:write');
  return (
    <Page title="Create a key" lead="The gateway checks it while you type; nothing is stored until you create it.">
      {mayWrite ? <NewKey /> : <NeedsScope scope="keys:write" what="create keys" />}
    </Page>
  );
}

function body(once: Once, draft: KeyDraft): ApiKeyCreate {
  const { name, ...rest } = withoutBlanks(draft);
  const { project, kind, mode, token } = once;
  const document = { ...rest, kind, mode, ...(name !== '' && { name }), ...(project && { project }), ...(token && { token }) };
  // Numbers that are missing are for the server to find.
  return document as ApiKeyCreate;
}

function NewKey() {
  const first: Once = { project: useProject() ?? '', kind: 'publishable', mode: 'live', token: '' };
  const [once, setOnce] = useState(first);
  const [draft, setDraft] = useState(NEW_KEY);
  const [hasTried, setHasTried] = useState(false);
  const [shown, setShown] = useState<{ key: ApiKey; token: string } | null>(null);
  const keep = useKeep();
  const navigate = useNavigate();
  const wanted = body(once, draft);
  const isDirty = !isSame(draft, NEW_KEY) || !isSame(once, first);
  const checked = useDryRun((isDirty || hasTried) && !shown ? wanted : null, (signal) => checkNewKey(wanted, signal));
  const create = useMutation({
    mutationFn: () => createKey(wanted),
    onSuccess: (answered) => {
      const { key, token } = withoutToken(answered);
      keep(key);
      setShown({ key: key.data, token });
      setOnce({ ...once, token: '' });
      // The answer held the token.
      create.reset();
    },
    gcTime: 0,
  });
  const refused = create.error instanceof ApiProblem ? create.error : null;
  const issues = (refused ?? checked.problem)?.issues ?? [];
  // What was refused is no longer what is here.
  const editDraft = (draft: KeyDraft) => {
    create.reset();
    setDraft(draft);
  };
  const editOnce = (change: Partial<Once>) => {
    create.reset();
    setOnce({ ...once, ...change });
  };
  const isTouched = (field: string) =>
    field in once ? !isSame(once[field as keyof Once], first[field as keyof Once]) : !isSame(draft[field as keyof KeyDraft], NEW_KEY[field as keyof KeyDraft]);
  const visible = hasTried ? issues : issues.filter((issue) => isTouched(fieldOf(issue)));
  const focus = useProblemFocus(visible);
  const form = keyForm(draft, editDraft, { issues: visible, warnings: checked.answer?.warnings ?? [] });
  const elsewhere = visible.filter((issue) => ![...FIELDS, 'project', 'token'].includes(fieldOf(issue)));
  const setKind = (kind: ApiKey['kind']) => {
    editOnce({ kind });
    if (kind === 'publishable') form.set({ scopes: NEW_KEY.scopes });
  };
  const close = (id: string) => {
    setShown(null);
    void navigate({ to: '/keys/$id', params: { id }, ignoreBlocker: true });
  };
  return (
    <>
      <form
        ref={focus.form}
        className="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setHasTried(true);
          focus.want(true);
          create.mutate();
        }}
      >
        <section className="card" aria-labelledby="what-it-is">
          <h2 id="what-it-is">What it is</h2>
          <ProjectField value={once.project} onChange={(project) => editOnce({ project })} issues={visible} />
          <NameField form={form} />
          <KindField value={once.kind} onChange={setKind} />
          <ModeField value={once.mode} onChange={(mode) => editOnce({ mode })} />
        </section>
        <Permissions form={form} kind={once.kind} project={once.project} />
        <Limits form={form} />
        <ImportField value={once.token} onChange={(token) => editOnce({ token })} issues={visible} warnings={form.warnings} />
        <Issues issues={elsewhere} />
        {refused && refused.status !== 422 && <ProblemView error={refused} title="The key was not created" />}
        {checked.problem && checked.problem.status !== 422 && !refused && <ProblemView error={checked.problem} />}
        <div className="form-actions">
          <Button type="submit" variant="primary" isBusy={create.isPending}>
            Create the key
          </Button>
          <span className="hint" role="status">
            {refused?.status === 422 && 'Not created: see what is marked above.'}
          </span>
        </div>
      </form>
      <LeaveGuard isOn={isDirty && !shown} what="The key has not been created. What you entered will be lost." />
      {shown && <TokenDialog title="The key is created" shown={shown} onClose={() => close(shown.key.id)} />}
    </>
  );
}
