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
      <p>
        <Prose>{refusal.cause ?? unexplained(refusal)}</Prose>
      </p>
      {origin && <Doubt origin={origin} />}
      <Fixes fixes={refusal.fixes} onApplied={onApplied} isQuiet />
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

/** Why there is neither cause nor cure. */
function unexplained({ reason, origin, verdict, endpoint }: CorsRefusal): string {
  if (verdict === 'allowed') return 'The same call is admitted by now.';
  if (reason === 'other') return 'More kinds of refusals came that day than are told apart; these are the rest.';
  if (reason === 'headers_too_large') return 'It asked for more than 64 headers, or 4 KiB of their names. No change of lists can admit it.';
  if (origin === null) return 'What was sent as `Origin` is none, so it was no page in a browser. No list can admit it.';
  if (endpoint === null) return 'On the shared URL no endpoint is known before the call itself.';
  return 'Its name was too long or too strange to be kept, so no change can be offered.';
}

/** What an operator should look at twice: everybody can send any `Origin`, and so be on this list. */
function Doubt({ origin }: { origin: string }) {
  const doubts = [
    origin.includes('//xn--') || origin.includes('.xn--') ? 'The host has letters of other scripts, which can look like another host.' : '',
    /^[a-z-]+-extension:/.test(origin) ? 'It is a browser extension, which its makers can change.' : '',
    /^http:/.test(origin) && !/\/\/(localhost|127\.|\[::1\])/.test(origin) ? 'It is plain http, where anybody on the way can be that page.' : '',
  ].filter((doubt) => doubt !== '');
  if (doubts.length === 0) return null;
  return <p className="notice notice-warn">{doubts.join(' ')}</p>;
}
