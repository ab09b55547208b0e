/** The settings of one project. */
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import type { Tagged } from '../../api/client';
import { useEditor, type Editor } from '../../api/editor';
import { withValueAt } from '../../api/json';
import type { Project } from '../../api/types';
import { Choice } from '../../parts/Choice';
import { EditorForm } from '../../parts/EditorForm';
import { Field, Issues, issuesAt, TextInput } from '../../parts/Field';
import { Loading } from '../../parts/Page';
import { ProblemView } from '../../parts/ProblemView';
import { RateLimit } from '../../parts/RateLimit';
import { inWords, isLooser } from '../../parts/rateLimits';
import { useSession } from '../../session/session';
import { checkProject, draftOf, projectQuery, updateProject, useProjectCache, type ProjectDraft } from './data';

export function ProjectSettings({ project }: { project: string }) {
  const stored = useQuery(projectQuery(project));
  return (
    <section className="stack" aria-labelledby="project-settings">
      <h2 id="project-settings">Project {project}</h2>
      {stored.data && <ProjectForm key={project} stored={stored.data} />}
      {!stored.data && (stored.error ? <ProblemView error={stored.error} /> : <Loading />)}
    </section>
  );
}

function ProjectForm({ stored }: { stored: Tagged<Project> }) {
  const { is_root } = useSession();
  const { slug } = stored.data;
  const editor = useEditor<Project & { warnings?: never }, ProjectDraft>(stored, {
    nameOf: ({ name }) => name,
    draftOf,
    update: (etag, patch) => updateProject(slug, etag, patch),
    check: (etag, patch, signal) => checkProject(slug, etag, patch, signal),
    ...useProjectCache(slug),
  });
  return (
    <>
      {!is_root && <p className="notice">You may look, and change nothing: only the root key changes projects.</p>}
      <EditorForm editor={editor} legend="Settings of the project" widening={widening} isReadOnly={!is_root} isPerProject>
        <ProjectFields editor={editor} id={stored.data.id} />
      </EditorForm>
    </>
  );
}

function ProjectFields({ editor: { draft, edit, issues }, id }: { editor: Editor<ProjectDraft>; id: string }) {
  const set = (change: Partial<ProjectDraft>) => edit({ ...draft, ...change });
  return (
    <div className="card">
      <Field
        label="Name"
        hint={
          <>
            For people. Its id is <code>{id}</code>; id and slug never change.
          </>
        }
        issues={issuesAt(issues, '/name')}
      >
        <TextInput value={draft.name} autoComplete="off" onChange={(event) => set({ name: event.target.value })} />
      </Field>
      <SecretKeys value={draft.secret_keys_in_browsers} onChange={(secret_keys_in_browsers) => set({ secret_keys_in_browsers })} />
      <RateLimit
        limit={draft.rate_limit}
        onChange={(rate_limit) => set({ rate_limit })}
        none={{ label: 'No limit', about: 'Keys without a limit of their own may send any number of requests.' }}
        own="A limit for each key that has none of its own"
        issues={issues}
        onSuggestion={(issue) => edit(withValueAt(draft, issue.pointer, issue.suggestion))}
      />
      <fieldset className="choices">
        <legend>While a page is being made to work</legend>
        <Choice type="checkbox" label="Answers say what was refused" isChosen={draft.debug} onChoose={(debug) => set({ debug })}>
          Refusals carry the header <code>Drawbridge-Cors</code>, which names the origin, method or header at fault. Whoever asks can
          read it.
        </Choice>
        <Issues issues={issuesAt(issues, '/debug')} />
      </fieldset>
    </div>
  );
}

const SECRET_KEYS: Record<ProjectDraft['secret_keys_in_browsers'], { label: string; about: string }> = {
  warn: { label: 'Warn', about: 'Serve the page where the endpoint lists its origin, mark the key as exposed, and say so in the answer.' },
  refuse: { label: 'Refuse', about: 'Mark the key as exposed and refuse the request with 403, which the page can read.' },
};

interface SecretKeysProps {
  value: ProjectDraft['secret_keys_in_browsers'];
  onChange: (value: ProjectDraft['secret_keys_in_browsers']) => void;
}

function SecretKeys({ value, onChange }: SecretKeysProps) {
  const name = useId();
  return (
    <fieldset className="choices">
      <legend>Secret keys that come from web pages</legend>
      {(['warn', 'refuse'] as const).map((choice) => (
        <Choice key={choice} name={name} label={SECRET_KEYS[choice].label} isChosen={value === choice} onChoose={() => onChange(choice)}>
          {SECRET_KEYS[choice].about}
        </Choice>
      ))}
    </fieldset>
  );
}

function widening(before: ProjectDraft, after: ProjectDraft): string[] {
  const isServed = before.secret_keys_in_browsers === 'refuse' && after.secret_keys_in_browsers === 'warn';
  return [
    ...(isServed ? ['Pages that hold a secret key are served again where the endpoint lists their origin; whoever opens one can copy the key.'] : []),
    ...(isLooser(before.rate_limit, after.rate_limit)
      ? [`Keys without a limit of their own may send ${after.rate_limit ? `more requests: ${inWords(after.rate_limit)}` : 'any number of requests'}.`]
      : []),
    ...(!before.debug && after.debug ? ['Everyone who is refused by origin, method or header is told which it was.'] : []),
  ];
}
