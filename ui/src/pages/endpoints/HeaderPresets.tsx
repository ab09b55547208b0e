/** Sets of request headers to allow with one click: what the SDKs send. */
import { valueAt } from '../../api/json';
import { useDraftForm } from './form';
import { PRESETS } from './presets';

export function HeaderPresets() {
  const { draft, set } = useDraftForm();
  const headers = (valueAt(draft, '/cors/allowedHeaders') ?? []) as string[];
  const toggle = (name: string) =>
    set('/cors/allowedHeaders', headers.includes(name) ? headers.filter((header) => header !== name) : [...headers, name]);
  return (
    <fieldset className="choices">
      <legend>SDKs that pages use</legend>
      <p className="hint">
        The default headers are enough for a plain <code>fetch</code>. SDKs send more; a preset allows what theirs sends, and is
        kept current with Drawbridge’s releases.
      </p>
      <div className="row">
        {PRESETS.map(({ name, sender }) => (
          <button
            key={name}
            type="button"
            className="chip"
            aria-pressed={headers.includes(name)}
            title={`What ${sender} sends`}
            onClick={() => toggle(name)}
          >
            <span aria-hidden="true">{headers.includes(name) ? '✓' : '+'}</span>
            {name}
          </button>
        ))}
      </div>
      <details>
        <summary>What the presets stand for</summary>
        <dl className="presets">
          {PRESETS.map(({ name, sender, headers: names }) => (
            <div key={name}>
              <dt>
                <code>{name}</code>: {sender}
              </dt>
              <dd className="hint">{names.join(', ')}</dd>
            </div>
          ))}
        </dl>
      </details>
    </fieldset>
  );
}
