/** A bucket of requests that is refilled evenly: whether there is one, and how large it is. */
import { useId } from 'react';
import type { Issue } from '../api/types';
import { Choice } from './Choice';
import { Issues, issuesAt } from './Field';
import { NumberField } from './NumberField';
import type { RateLimitDraft } from './rateLimits';

interface Props {
  limit: RateLimitDraft | null;
  onChange: (limit: RateLimitDraft | null) => void;
  none: { label: string; about: string };
  own: string;
  issues: Issue[];
  onSuggestion: (issue: Issue) => void;
}

const FIRST: RateLimitDraft = { requests: 100, per_seconds: 60, burst: null };

export function RateLimit({ limit, onChange, none, own, issues, onSuggestion }: Props) {
  const name = useId();
  const at = (member: string) => ({ issues: issuesAt(issues, `/rate_limit/${member}`), onSuggestion });
  return (
    <fieldset className="choices">
      <legend>Rate limit</legend>
      <Choice name={name} label={none.label} isChosen={limit === null} onChoose={() => onChange(null)}>
        {none.about}
      </Choice>
      <Choice name={name} label={own} isChosen={limit !== null} onChoose={() => onChange(FIRST)} />
      {limit !== null && (
        <div className="form-row">
          <NumberField label="Requests" value={limit.requests} onChange={(requests) => onChange({ ...limit, requests })} {...at('requests')} />
          <NumberField
            label="In how many seconds"
            value={limit.per_seconds}
            onChange={(per_seconds) => onChange({ ...limit, per_seconds })}
            {...at('per_seconds')}
          />
          <NumberField
            label="At once"
            hint="Empty: as many as the requests."
            value={limit.burst}
            onChange={(burst) => onChange({ ...limit, burst })}
            {...at('burst')}
          />
        </div>
      )}
      <Issues issues={issues.filter((issue) => issue.pointer === '/rate_limit')} onSuggestion={onSuggestion} />
    </fieldset>
  );
}
