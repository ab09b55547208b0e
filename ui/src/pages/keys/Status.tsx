import type { ApiKey } from '../../api/types';
import { Badge, type Tone } from '../../parts/Badge';
import { Time } from '../../parts/Time';

const TONES: Record<ApiKey['status'], Tone> = { active: 'good', expired: 'warn', revoked: 'calm' };

/** Whether the key opens anything, and whether it has been seen where it must not be. */
export function Status({ of }: { of: ApiKey }) {
  return (
    <span className="row">
      <Badge tone={TONES[of.status]}>{of.status}</Badge>
      {of.exposed && of.status === 'active' && <Badge tone="bad">exposed</Badge>}
    </span>
  );
}

/** When the key was last used, from where, and by a page of which origin. */
export function LastUse({ of }: { of: ApiKey }) {
  if (of.last_used_at === null) return <>never</>;
  return (
    <>
      <Time at={of.last_used_at} />
      {of.last_used_ip !== null && <> from {of.last_used_ip}</>}
      {of.last_used_origin !== null && <>, {of.last_used_origin}</>}
    </>
  );
}
