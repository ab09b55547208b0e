/** What is so about a key, and cannot be edited. */
import { Link } from '@tanstack/react-router';
import type { ApiKey } from '../../api/types';
import { Button } from '../../parts/Button';
import { Copy } from '../../parts/Copy';
import { Time } from '../../parts/Time';
import { useMay } from '../../session/session';
import { LastUse, Status } from './Status';
import { KINDS, MODES } from './words';

export function KeyFacts({ of }: { of: ApiKey }) {
  const mayRead = useMay('audit:read');
  return (
    <section className="card" aria-label="Facts">
      <dl className="facts">
        <dt>Id</dt>
        <dd className="row">
          <code>{of.id}</code> <Copy text={of.id} label="Copy id" />
        </dd>
        <dt>Project</dt>
        <dd>{of.project}</dd>
        <dt>Kind and mode</dt>
        <dd>
          {KINDS[of.kind].label}, {MODES[of.mode].label.toLowerCase()}
        </dd>
        <dt>Status</dt>
        <dd className="row">
          <Status of={of} />
          {of.revoked_at && <Time at={of.revoked_at} />}
        </dd>
        <dt>Created</dt>
        <dd>
          <Time at={of.created_at} />
        </dd>
        <dt>Last used</dt>
        <dd>
          <LastUse of={of} />
        </dd>
        {of.previous_token_expires_at && of.status !== 'revoked' && (
          <>
            <dt>Previous token</dt>
            <dd>{previous(of.previous_token_expires_at)}</dd>
          </>
        )}
      </dl>
      {mayRead && (
        <Link to="/audit-log" search={(old) => ({ ...old, target: of.id })}>
          Who changed it
        </Link>
      )}
    </section>
  );
}

function previous(end: string) {
  const isOver = new Date(end).getTime() < Date.now();
  return (
    <>
      {isOver ? 'ended' : 'good until it ends'} <Time at={end} />
    </>
  );
}

/** A secret key that pages send: since when, from where, and what is to be done. */
export function Exposure({ of, onRotate }: { of: ApiKey; onRotate?: () => void }) {
  if (!of.exposed || of.status !== 'active') return null;
  return (
    <section className="notice notice-error" aria-label="Exposed">
      <strong>This secret key stands in a web page</strong>
      <p>
        A page of <code>{of.exposed.origin}</code> sent it <Time at={of.exposed.last_seen_at} />, first seen{' '}
        <Time at={of.exposed.first_seen_at} />. Everyone who opens that page can copy it, and use it for all that it may do.
      </p>
      <p>
        Rotate it with no overlap, and give the page a publishable key. The page stops working until it has that; as long as the old
        token is good, whoever copied it goes on.
      </p>
      {onRotate && (
        <div>
          <Button onClick={onRotate}>Rotate it</Button>
        </div>
      )}
    </section>
  );
}
