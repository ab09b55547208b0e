/** The fields of a key that can be changed, in the order in which they are thought of. */
import type { ApiKey } from '../../api/types';
import { Choice } from '../../parts/Choice';
import { Field, Issues, issuesAt, TextInput } from '../../parts/Field';
import { localTime } from '../../parts/localTime';
import { NumberField } from '../../parts/NumberField';
import { RateLimit } from '../../parts/RateLimit';
import { EndpointChoice } from './EndpointChoice';
import type { KeyForm } from './form';
import { Networks, Origins } from './Restriction';
import { Scopes } from './Scopes';

export function NameField({ form }: { form: KeyForm }) {
  return (
    <Field label="Name" hint="For people: who uses it, and where." issues={issuesAt(form.issues, '/name')} onSuggestion={form.fix}>
      <TextInput value={form.draft.name} autoComplete="off" onChange={(event) => form.set({ name: event.target.value })} />
    </Field>
  );
}

/** What it may do, and from where. */
export function Permissions({ form, kind, project }: { form: KeyForm; kind: ApiKey['kind']; project: string }) {
  return (
    <>
      <section className="card" aria-labelledby="what-it-may">
        <h2 id="what-it-may">What it may do</h2>
        {kind === 'secret' && <Scopes form={form} />}
        <EndpointChoice form={form} project={project} />
      </section>
      <section className="card" aria-labelledby="from-where">
        <h2 id="from-where">From where</h2>
        <p className="hint">All of these must hold together.</p>
        <Origins form={form} />
        <Networks form={form} />
        <Choice
          type="checkbox"
          label="Refuse requests without an Origin"
          isChosen={form.draft.require_origin}
          onChoose={(require_origin) => form.set({ require_origin })}
        >
          Stops a key that was copied into a script by habit. It does not stop forgery: programs can send any Origin.
        </Choice>
        <Issues issues={issuesAt(form.issues, '/require_origin')} />
      </section>
    </>
  );
}

export function Limits({ form }: { form: KeyForm }) {
  const { draft, set, fix, issues } = form;
  return (
    <section className="card" aria-labelledby="how-much">
      <h2 id="how-much">How much, and until when</h2>
      <RateLimit
        limit={draft.rate_limit}
        onChange={(rate_limit) => set({ rate_limit })}
        none={{ label: "The project's limit", about: 'For this key alone; none where the project has none.' }}
        own="A limit of its own"
        issues={issues}
        onSuggestion={fix}
      />
      <div className="form-row">
        <NumberField
          label="Requests at the same time"
          hint="Streams count until their last byte. Empty: any number."
          value={draft.max_concurrent}
          onChange={(max_concurrent) => set({ max_concurrent })}
          issues={issuesAt(issues, '/max_concurrent')}
          onSuggestion={fix}
        />
        <Field
          label="Expires"
          hint={draft.expires_at === null ? 'Empty: never.' : 'In your own time zone. From then on it opens nothing.'}
          issues={issuesAt(issues, '/expires_at')}
          onSuggestion={fix}
        >
          <TextInput
            type="datetime-local"
            value={localTime(draft.expires_at)}
            onChange={(event) => set({ expires_at: event.target.value === '' ? null : new Date(event.target.value).toISOString() })}
          />
        </Field>
      </div>
    </section>
  );
}
