/** The inference server behind the endpoint, and how the gateway shows itself to it. */
import { valueAt } from '../../api/json';
import { Choice } from '../../parts/Choice';
import { Issues, TextInput, issuesAt } from '../../parts/Field';
import { DraftField, DraftText, useDraftForm } from './form';

export function UpstreamSection({ hasCredential }: { hasCredential: boolean }) {
  return (
    <section className="card" aria-labelledby="upstream">
      <h2 id="upstream">Upstream</h2>
      <DraftText
        pointer="/upstream/base_url"
        type="url"
        label="Base URL"
        placeholder="http://127.0.0.1:11434/v1"
        hint="The inference server behind this endpoint. The URL stands for this gateway’s …/v1. Where it names another server, say what credential that one gets."
      />
      <CredentialField hasCredential={hasCredential} />
      <DraftText
        pointer="/upstream/credential_header"
        label="Credential header"
        empty={null}
        placeholder="Authorization: Bearer …"
        hint="The header that carries the credential, such as x-api-key. Empty means Authorization, as a bearer token."
      />
      <details>
        <summary>Private authority</summary>
        <div className="details-content">
          <DraftText
            pointer="/upstream/ca_certificate"
            label="Certificates of private authorities (PEM)"
            empty={null}
            isLong
            placeholder="-----BEGIN CERTIFICATE-----"
            hint="Who vouches for an https upstream inside your network. Where this is set nobody else does; empty means the system’s authorities."
          />
        </div>
      </details>
    </section>
  );
}

type Wish = 'keep' | 'set' | 'remove';

function CredentialField({ hasCredential }: { hasCredential: boolean }) {
  const { draft, set, issues } = useDraftForm();
  const value = valueAt(draft, '/upstream/credential') as string | null | undefined;
  const chosen: Wish = value === undefined ? 'keep' : value === null ? 'remove' : 'set';
  const choices: [Wish, string, unknown][] = [
    ['keep', hasCredential ? 'Keep the stored one' : 'Send none', undefined],
    ['set', hasCredential ? 'Replace it' : 'Set one', ''],
    // Where none is stored this says so about a new server, too.
    ...(hasCredential ? [['remove', 'Remove it', null] as [Wish, string, unknown]] : []),
  ];
  return (
    <fieldset className="choices">
      <legend>Credential</legend>
      <p className="hint">
        What the upstream wants to see, in the place of the client’s key. It is stored encrypted and never shown again.
      </p>
      <div className="row">
        {choices.map(([choice, label, meaning]) => (
          <Choice
            key={choice}
            name="credential"
            label={label}
            isChosen={chosen === choice}
            onChoose={() => set('/upstream/credential', meaning)}
          />
        ))}
      </div>
      {typeof value === 'string' ? (
        <DraftField pointer="/upstream/credential" label="New credential">
          <TextInput
            type="password"
            autoComplete="off"
            spellCheck={false}
            value={value}
            onChange={(event) => set('/upstream/credential', event.target.value)}
          />
        </DraftField>
      ) : (
        <Issues issues={issuesAt(issues, '/upstream/credential')} />
      )}
    </fieldset>
  );
}
