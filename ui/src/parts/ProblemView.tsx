/** A failed call: what happened, what to do, and the id that the gateway's log has it under. */
import { ApiProblem } from '../api/client';
import { Issues } from './Field';
import { Prose } from './Prose';

export function ProblemView({ error, title, children }: { error: unknown; title?: string; children?: React.ReactNode }) {
  const problem = error instanceof ApiProblem ? error : null;
  // The detail of a document with one mistake is that mistake.
  const isRepeated = problem?.issues.some(({ detail }) => detail === problem.detail);
  return (
    <div className="notice notice-error" role="alert">
      <strong>{title ?? problem?.message ?? 'Something went wrong in this page'}</strong>
      {!isRepeated && (
        <p>
          <Prose>{problem ? problem.detail : String(error)}</Prose>
        </p>
      )}
      {problem && <Issues issues={problem.issues} />}
      {problem?.requestId && (
        <p className="hint">
          Request <code>{problem.requestId}</code> in the gateway's log
        </p>
      )}
      {children}
    </div>
  );
}

/** Above what was seen before, where it could not be fetched again. */
export function Stale({ error }: { error: Error | null }) {
  if (!error) return null;
  return (
    <p className="notice notice-warn" role="status">
      This is as it was last seen: {error instanceof ApiProblem ? error.message.toLowerCase() : 'it could not be fetched again'}.
    </p>
  );
}
