import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { isSame, withValueAt } from '../../api/json';
import { takeBack } from '../../api/takeBack';
import { Button } from '../../parts/Button';
import { Confirm } from '../../parts/Confirm';
import { LeaveGuard } from '../../parts/LeaveGuard';
import { ProblemView } from '../../parts/ProblemView';
import { say } from '../../parts/toasts';
import { useProblemFocus } from '../../parts/useProblemFocus';
import { createEndpoint, deleteEndpoint, endpointKey, judgeNew } from './endpointsApi';
import { NEW_DRAFT, documentOf, type NewDraft } from './draft';
import { DraftFormProvider, DraftList, DraftText, OtherIssues } from './form';
import { HeaderPresets } from './HeaderPresets';
import { ModelsEditor } from './ModelsEditor';
import { ORIGINS_HINT } from './OriginsHint';
import { ProjectField } from './ProjectField';
import { useJudgement } from './useJudgement';
import { widenedOrigins } from './widening';

const FIELDS = ['/name', '/upstream/base_url', '/upstream/credential', '/models', '/cors/allowedOrigins', '/cors/allowedHeaders'];

/** The field of the page that a place in the document belongs to. */
const fieldOf = (pointer: string) => FIELDS.find((field) => pointer === field || pointer.startsWith(`${field}/`)) ?? pointer;

export function NewEndpointForm({ chosen }: { chosen: string | null }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [picked, setPicked] = useState('');
  const [draft, setDraft] = useState<NewDraft>(NEW_DRAFT);
  const [touched, setTouched] = useState<string[]>([]);
  const [wasTried, setWasTried] = useState(false);
  const [isAsking, setIsAsking] = useState(false);
  const project = chosen ?? picked;
  const isDirty = !isSame(draft, NEW_DRAFT);
  const judge = (now: NewDraft, signal?: AbortSignal) => judgeNew(project, documentOf(now), signal);
  const checked = useJudgement(project !== '' && (isDirty || wasTried) ? [project] : null, draft, judge);

  const create = useMutation({
    mutationFn: () => createEndpoint(project, documentOf(draft)),
    onSuccess: async (created) => {
      const { name } = created.data;
      client.setQueryData(endpointKey(project, name), created);
      await client.invalidateQueries({ queryKey: ['endpoints'] });
      await navigate({ to: '/endpoints/$projectSlug/$name', params: { projectSlug: project, name }, ignoreBlocker: true });
      say(`Endpoint ${name} created`, () => {
        void takeBack(deleteEndpoint(project, name, created.etag), `Endpoint ${name} deleted again`).finally(() => {
          void client.invalidateQueries({ queryKey: ['endpoints'] });
          void client.invalidateQueries({ queryKey: endpointKey(project, name) });
        });
      });
    },
  });
  const judgeNow = useMutation({
    mutationFn: () => judge(draft),
    onSuccess: ({ issues }) => {
      if (issues.length > 0) return;
      focus.want(false);
      if (consequences.length > 0) setIsAsking(true);
      else create.mutate();
    },
  });

  const consequences = draft.cors.allowedOrigins.includes('*') ? widenedOrigins([], draft.cors.allowedOrigins) : [];
  const set = (pointer: string, value: unknown) => {
    setDraft((old) => withValueAt(old, pointer, value));
    setTouched((old) => [...new Set([...old, fieldOf(pointer)])]);
  };
  const isShown = ({ pointer }: { pointer: string }) => wasTried || touched.includes(fieldOf(pointer));
  const issues = checked.issues.filter(isShown);
  const focus = useProblemFocus(issues);
  const error = create.error ?? judgeNow.error;
  return (
    <DraftFormProvider value={{ draft, set, issues, warnings: checked.warnings.filter(isShown) }}>
      <form
        ref={focus.form}
        className="form new-endpoint"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setWasTried(true);
          focus.want(true);
          if (project === '') focus.form.current?.querySelector<HTMLElement>('select, input')?.focus();
          else judgeNow.mutate();
        }}
      >
        <Basics project={project} needsProject={chosen === null} onProject={setPicked} />
        <section className="card" aria-labelledby="new-pages">
          <h2 id="new-pages">Pages</h2>
          <DraftList
            pointer="/cors/allowedOrigins"
            label="Allowed origins"
            hint={ORIGINS_HINT}
            placeholder="https://app.example.com"
            addLabel="Add an origin"
            emptyText="None: the allowed origins of its keys decide."
          />
          <HeaderPresets />
        </section>
        <OtherIssues fields={FIELDS} />
        {wasTried && project === '' && <p className="notice notice-error" role="alert">Choose the project that it belongs to.</p>}
        {error && <ProblemView error={error} />}
        <div className="form-actions">
          <Button type="submit" variant="primary" isBusy={judgeNow.isPending || create.isPending}>
            Create endpoint
          </Button>
          <Link to="/endpoints" className="button button-plain button-normal">
            Cancel
          </Link>
        </div>
      </form>
      <Confirm
        isOpen={isAsking}
        title="Let every page call it?"
        action="Create endpoint"
        isBusy={create.isPending}
        onCancel={() => setIsAsking(false)}
        onConfirm={() => {
          setIsAsking(false);
          create.mutate();
        }}
      >
        {consequences.map((text) => (
          <p key={text}>{text}</p>
        ))}
      </Confirm>
      <LeaveGuard isOn={isDirty && !create.isSuccess} what="The new endpoint is not created yet; what you wrote is lost." />
    </DraftFormProvider>
  );
}

function Basics({ project, needsProject, onProject }: { project: string; needsProject: boolean; onProject: (slug: string) => void }) {
  return (
    <section className="card" aria-labelledby="new-endpoint">
      <h2 id="new-endpoint">Endpoint</h2>
      {needsProject && <ProjectField value={project} onChange={onProject} />}
      <DraftText
        pointer="/name"
        label="Name"
        placeholder="my-endpoint"
        hint="a-z, 0-9 and -. It stands in the endpoint’s URL and never changes."
      />
      <DraftText
        pointer="/upstream/base_url"
        type="url"
        label="Base URL of the upstream"
        placeholder="http://127.0.0.1:11434/v1"
        hint="The inference server behind it. The URL stands for this gateway’s …/v1."
      />
      <DraftText
        pointer="/upstream/credential"
        type="password"
        label="Credential of the upstream"
        empty={undefined}
        hint="What the upstream wants to see, such as its API key. It is stored encrypted and never shown again; pages never get it. Leave it empty where none is needed."
      />
      <ModelsEditor />
    </section>
  );
}
