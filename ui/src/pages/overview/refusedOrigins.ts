/** The origins that were refused most; the gateway counts refusals by whole days, in UTC. */
import { queryOptions } from '@tanstack/react-query';
import { answer, api } from '../../api/client';
import { walk } from '../../api/listing';
import type { CorsRefusal } from '../../api/types';
import type { Span } from './traffic';

const PAGE_SIZE = 200;
const MOST_PAGES = 25;
/** How many entries are summed up at most, the latest; more than most gateways keep. */
export const MOST_ENTRIES = PAGE_SIZE * MOST_PAGES;

/** Refusals are kept for so many days, today included. */
const DAYS_KEPT = 30;
const DAY_MILLISECONDS = 86_400_000;

export interface RefusedOrigins {
  /** The first day that is counted, as `2026-11-21`. */
  from: string;
  /** By count, the most first. */
  origins: { origin: string; count: number }[];
  /** Calls whose origin was not kept: it was none, or there were too many. */
  unnamed: number;
  /** There was more than is summed up. */
  isPartial: boolean;
}

export function refusedOriginsQuery(project: string | null, span: Span) {
  const from = firstDay(span);
  return queryOptions({
    queryKey: ['refusals', 'top', project, from],
    queryFn: ({ signal }: { signal: AbortSignal }) => refusedOrigins(project, from, signal),
    refetchInterval: 15_000,
    placeholderData: (before: RefusedOrigins | undefined) => before,
  });
}

async function refusedOrigins(project: string | null, from: string, signal: AbortSignal): Promise<RefusedOrigins> {
  const query = { from_day: from, limit: PAGE_SIZE, ...(project && { project }) };
  const { rows, isPartial } = await walk<CorsRefusal>(MOST_PAGES, (page) =>
    answer(api.GET('/v1/cors/refusals', { params: { query: { ...query, ...page } }, signal })),
  );
  return { from, ...byOrigin(rows.filter(({ result }) => result !== 'reported')), isPartial };
}

/** The day on which a span began, among those that are kept. */
function firstDay({ seconds }: Span): string {
  const milliseconds = Math.min(seconds * 1000, (DAYS_KEPT - 1) * DAY_MILLISECONDS);
  return new Date(Date.now() - milliseconds).toISOString().slice(0, 10);
}

function byOrigin(entries: CorsRefusal[]): Pick<RefusedOrigins, 'origins' | 'unnamed'> {
  const counts = new Map<string | null, number>();
  for (const { origin, count } of entries) counts.set(origin, (counts.get(origin) ?? 0) + count);
  const unnamed = counts.get(null) ?? 0;
  const origins = [...counts].flatMap(([origin, count]) => (origin === null ? [] : [{ origin, count }]));
  return { origins: origins.sort((one, other) => other.count - one.count), unnamed };
}
