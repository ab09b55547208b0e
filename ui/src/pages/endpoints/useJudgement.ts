import { onLines } from '../../api/lines';
import { useDryRun } from '../../api/useDryRun';
import { stillTrue } from './draft';
import { NO_OBJECTION, type Judgement } from './endpointsApi';

/**
 * The server's judgement of the draft as it was a moment ago, less what no longer holds. `basis` names what the draft
 * changes; null asks nothing.
 */
export function useJudgement<T>(
  basis: readonly unknown[] | null,
  draft: T,
  check: (draft: T, signal: AbortSignal) => Promise<Judgement>,
): Judgement {
  const { answer } = useDryRun(basis && { basis, draft }, async (signal) => ({ draft, judgement: await check(draft, signal) }));
  if (!basis || !answer) return NO_OBJECTION;
  const { issues, warnings } = answer.judgement;
  return {
    ...answer.judgement,
    issues: stillTrue(onLines(issues, answer.draft), answer.draft, draft),
    warnings: stillTrue(onLines(warnings, answer.draft), answer.draft, draft),
  };
}
