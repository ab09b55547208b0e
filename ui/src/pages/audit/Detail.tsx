/** What an entry says was changed, as lines of JSON, and where to look further. */
import type { AuditEntry } from '../../api/types';
import { Changes, Lines } from '../../parts/Change';

export function Detail({ of: entry }: { of: AuditEntry }) {
  return (
    <div className="stack">
      <Change of={entry.change} />
      <dl className="facts">
        <dt>At</dt>
        <dd>{new Date(entry.at).toLocaleString()}</dd>
        <dt>Entry and revision</dt>
        <dd>
          {entry.id}, revision {entry.revision}
        </dd>
        <dt>Request</dt>
        <dd>
          <code>{entry.request_id}</code> in the gateway's log
        </dd>
        <dt>Hash</dt>
        <dd>
          <code>{entry.hash}</code>
        </dd>
      </dl>
    </div>
  );
}

/** `created` or `deleted` with a document, `changed` by JSON Pointer, and whatever else is said of it. */
function Change({ of }: { of: object }) {
  const { created, deleted, changed, ...rest } = of as Record<string, unknown>;
  return (
    <>
      {created !== undefined && <Lines of={[{ sign: '+', text: JSON.stringify(created, null, 2) }]} />}
      {deleted !== undefined && <Lines of={[{ sign: '−', text: JSON.stringify(deleted, null, 2) }]} />}
      {changed !== undefined && <Changes changes={changed as Record<string, { from: unknown; to: unknown }>} />}
      {Object.keys(rest).length > 0 && <pre className="line-plain">{JSON.stringify(rest, null, 2)}</pre>}
    </>
  );
}
