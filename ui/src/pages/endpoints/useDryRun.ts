/** Asks the server what it thinks of a draft, while it is being written. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { NO_OBJECTION, type Judgement } from './endpointsApi';
import { placed, stillTrue } from './draft';

const PAUSE = 400;

/** The value, once it was left alone for a moment. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/**
 * The judgement of the draft as it was a moment ago, less what no longer holds. `basis` names what the draft changes;
 * a check that is overtaken by another is cancelled.
 */
export function useDryRun<T>(
  basis: readonly unknown[],
  draft: T,
  check: (draft: T, signal: AbortSignal) => Promise<Judgement>,
  enabled: boolean,
): Judgement & { isChecking: boolean } {
  const settled = useSettled(draft);
  const { data, isFetching } = useQuery({
    queryKey: ['dry-run', ...basis, settled],
    queryFn: async ({ signal }) => ({ draft: settled, judgement: await check(settled, signal) }),
    enabled,
    placeholderData: keepPreviousData,
    staleTime: 0,
    // What is typed may be a credential: nothing of it is kept.
    gcTime: 0,
    retry: false,
  });
  const isChecking = enabled && (isFetching || settled !== draft);
  if (!enabled || !data) return { ...NO_OBJECTION, isChecking };
  const { issues, warnings } = data.judgement;
  return {
    ...data.judgement,
    issues: stillTrue(placed(issues, data.draft), data.draft, draft),
    warnings: stillTrue(placed(warnings, data.draft), data.draft, draft),
    isChecking,
  };
}
