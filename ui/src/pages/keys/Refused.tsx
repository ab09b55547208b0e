/** Why a key was not rotated or revoked. */
import { ApiProblem } from '../../api/client';
import { ProblemView } from '../../parts/ProblemView';

export function Refused({ error }: { error: unknown }) {
  if (!(error instanceof ApiProblem && error.isConflict)) return <ProblemView error={error} />;
  return (
    <p className="notice notice-warn" role="alert">
      Nothing was done: somebody else changed the key meanwhile. The page shows it as it is now; look at it, and confirm again if it is
      still right.
    </p>
  );
}
