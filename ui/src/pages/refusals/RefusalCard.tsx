import { Link } from '@tanstack/react-router';
import type { CorsRefusal } from '../../api/types';
import { Badge } from '../../parts/Badge';
import { Fixes } from '../../parts/Fixes';
import { Prose } from '../../parts/Prose';
import { Time } from '../../parts/Time';

/** What was refused, in a word or two; codes as the API has them are in the tooltip. */
const REASONS: Record<CorsRefusal['reason'], string> = {
  origin_not_allowed: 'Origin not allowed',
  key_origin_not_allowed: 'Origin not allowed by the key',
  method_not_allowed: 'Method not allowed',
  header_not_allowed: 'Header not allowed',
  headers_too_large: 'Too many headers asked for',
  other: 'Other refusals of that day',
};

export function RefusalCard({ refusal, onApplied }: { refusal: CorsRefusal; onApplied: () => void }) {
  const { origin, endpoint, project, reason, name, count, result, verdict } = refusal;
  return (
    <article className="card">
      <div className="row">
        <h2 className="refusal-origin">{origin ?? (reason === 'other' ? 'Several origins' : 'No valid origin')}</h2>
        <Badge tone={result === 'reported' ? 'warn' : 'bad'}>
          <span title={reason}>
            {REASONS[reason]}
            {name && `: ${name}`}
          </span>
        </Badge>
        {result === 'reported' && <Badge tone="warn">reported only</Badge>}
        {verdict === 'allowed' && <Badge tone="good">allowed by now</Badge>}
      </div>
      <p className="hint">
        {count.toLocaleString('en')} {count === 1 ? 'time' : 'times'} on {refusal.day}, last <Time at={refusal.last_seen_at} />, at{' '}
        {endpoint && project ? (
          <Link to="/endpoints/$projectSlug/$name" params={{ projectSlug: project, name: endpoint }}>
            {project}/{endpoint}
          </Link>
        ) : (
          'the shared URL'
        )}
      </p>
      {refusal.cause && (
        <p>
          <Prose>{refusal.cause}</Prose>
        </p>
      )}
      <Fixes fixes={refusal.fixes} onApplied={onApplied} />
      {endpoint && origin && (
        <p>
          <Link to="/explain" search={{ endpoint, origin, project: project ?? undefined, ...(reason === 'method_not_allowed' && name && { method: name }) }}>
            Explain step by step
          </Link>
        </p>
      )}
    </article>
  );
}
