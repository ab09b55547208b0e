/** What a change means for the pages that called lately. */
import { Time } from '../../parts/Time';
import type { Impact, SeenOrigin } from './endpointsApi';

export function ImpactView({ impact }: { impact: Impact }) {
  const { newly_admitted: admitted, newly_refused: refused, since } = impact;
  if (admitted.length === 0 && refused.length === 0) {
    return (
      <p>
        Nothing: every page that called since <Time at={since} /> is treated as before.
      </p>
    );
  }
  return (
    <div className="stack">
      {refused.length > 0 && <Origins title="Refused from now on, and admitted until now" tone="bad" origins={refused} />}
      {admitted.length > 0 && <Origins title="Admitted from now on, and refused until now" tone="good" origins={admitted} />}
      <p className="hint">
        Of the pages that called since <Time at={since} />.
      </p>
    </div>
  );
}

function Origins({ title, tone, origins }: { title: string; tone: 'good' | 'bad'; origins: SeenOrigin[] }) {
  return (
    <div className={`impact impact-${tone}`}>
      <h3>{title}</h3>
      <ul>
        {origins.map(({ origin, count, last_seen_at: at }) => (
          <li key={origin}>
            <code>{origin}</code>{' '}
            <span className="hint">
              {count.toLocaleString('en')} {count === 1 ? 'call' : 'calls'}, last <Time at={at} />
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The same in half a sentence. */
export function impactInWords({ newly_admitted: admitted, newly_refused: refused }: Impact): string {
  const parts = [
    ...(admitted.length > 0 ? [`admits ${admitted.length}`] : []),
    ...(refused.length > 0 ? [`refuses ${refused.length}`] : []),
  ];
  return parts.length > 0 ? `${parts.join(', ')} of the last day’s origins` : 'changes nothing for the pages of the last day';
}
