/** Which web pages may call the endpoint, and how: each field in plain words. */
import { valueAt } from '../../api/json';
import { Choice } from '../../parts/Choice';
import { Issues, TextInput, issuesAt } from '../../parts/Field';
import { DraftField, DraftList, DraftWarnings, cure, useDraftForm } from './form';
import { HeaderPresets } from './HeaderPresets';
import { ORIGINS_HINT } from './OriginsHint';
import { ENFORCEMENT, ENFORCEMENTS, secondsInWords } from './words';

export function PolicySection() {
  return (
    <section className="card" aria-labelledby="policy">
      <h2 id="policy">Policy</h2>
      <DraftList
        pointer="/cors/allowedOrigins"
        label="Allowed origins"
        hint={ORIGINS_HINT}
        placeholder="https://app.example.com"
        addLabel="Add an origin"
        emptyText="None: the allowed origins of its keys decide. A key that has none admits no page here."
      />
      <Enforcement />
      <DraftList
        pointer="/cors/allowedHeaders"
        label="Allowed request headers"
        hint="Which headers pages may send: names, prefixes such as X-Stainless-*, presets, or * (every name but Authorization, which must be listed)."
        placeholder="X-My-Header"
        addLabel="Add a header"
      />
      <HeaderPresets />
      <DraftList
        pointer="/cors/allowedMethods"
        label="Allowed methods"
        hint="Which methods pages may use, or * for all. Running a model is a POST. HEAD counts as listed where GET is."
        placeholder="GET"
        addLabel="Add a method"
      />
      <MaxAge />
      <Credentials />
      <ExposedHeaders />
    </section>
  );
}

function Enforcement() {
  const { draft, set, issues } = useDraftForm();
  const value = valueAt(draft, '/cors/enforcement');
  return (
    <fieldset className="choices">
      <legend>Enforcement</legend>
      <p className="hint">Who holds pages to this policy. A key’s own restrictions always hold.</p>
      {ENFORCEMENTS.map((choice) => (
        <Choice
          key={choice}
          name="enforcement"
          label={ENFORCEMENT[choice].title}
          isChosen={value === choice}
          onChoose={() => set('/cors/enforcement', choice)}
        >
          {ENFORCEMENT[choice].meaning}
        </Choice>
      ))}
      <Issues issues={issuesAt(issues, '/cors/enforcement')} />
      <DraftWarnings pointer="/cors/enforcement" />
    </fieldset>
  );
}

function MaxAge() {
  const { draft, set } = useDraftForm();
  const value = valueAt(draft, '/cors/maxAge') as number | null;
  return (
    <DraftField
      pointer="/cors/maxAge"
      label="Preflight memory, in seconds"
      hint={
        <>
          {value === null ? 'The default: 1 day' : `That is ${secondsInWords(value)}`}. How long a browser may remember that it is
          admitted before it asks again. Chrome keeps to 2 hours at most, Safari to 10 minutes. Refusals take effect at once all the
          same: the request itself is always judged.
        </>
      }
    >
      <TextInput
        type="number"
        inputMode="numeric"
        min={0}
        step={1}
        placeholder="86400"
        value={value ?? ''}
        onChange={(event) => set('/cors/maxAge', event.target.value === '' ? null : Number(event.target.value))}
      />
    </DraftField>
  );
}

function Credentials() {
  const form = useDraftForm();
  const issues = issuesAt(form.issues, '/cors/allowCredentials');
  return (
    <fieldset className="choices">
      <legend>Cookies</legend>
      <Choice
        type="checkbox"
        label="Let browsers send cookies and client certificates"
        isChosen={valueAt(form.draft, '/cors/allowCredentials') === true}
        onChoose={(isOn) => form.set('/cors/allowCredentials', isOn)}
      >
        Rarely needed: an API key in a header that a script sets does not need it. It cannot be combined with <code>*</code> and other
        wide patterns.
      </Choice>
      <Issues issues={issues} onSuggestion={(issue) => cure(form, issue)} />
      <DraftWarnings pointer="/cors/allowCredentials" />
    </fieldset>
  );
}

function ExposedHeaders() {
  const { draft, issues } = useDraftForm();
  const headers = (valueAt(draft, '/cors/exposedHeaders') ?? []) as string[];
  const hasIssues = issuesAt(issues, '/cors/exposedHeaders').length > 0;
  return (
    <details open={hasIssues || undefined}>
      <summary>Exposed response headers ({headers.length})</summary>
      <div className="details-content">
        <DraftList
          pointer="/cors/exposedHeaders"
          label="Exposed response headers"
          hint="Which headers of an answer a page’s script may read, or *. The defaults are what SDKs and people read."
          placeholder="X-Request-Id"
          addLabel="Add a header"
        />
      </div>
    </details>
  );
}
