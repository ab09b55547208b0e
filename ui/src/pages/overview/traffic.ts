/** What the gateway counted, in steps of time. */
import { queryOptions } from '@tanstack/react-query';
import { answer, api } from '../../api/client';
import type { Traffic } from '../../api/types';

export type { Traffic };
type Point = Traffic['points'][number];

export const SPANS = [
  { id: '3h', label: '3 hours', seconds: 3 * 3600, step: 300 },
  { id: '24h', label: '24 hours', seconds: 24 * 3600, step: 300 },
  { id: '7d', label: '7 days', seconds: 7 * 86_400, step: 3600 },
  { id: '30d', label: '30 days', seconds: 30 * 86_400, step: 3600 },
] as const;

export type Span = (typeof SPANS)[number];

export const trafficQuery = (project: string | null, span: Span) =>
  queryOptions({
    queryKey: ['traffic', project, span.id],
    queryFn: () => {
      const from = new Date(Math.ceil(Date.now() / 1000 - span.seconds) * 1000).toISOString();
      const query = { from, step: span.step, ...(project && { project }) };
      return answer(api.GET('/dashboard/api/traffic', { params: { query } }));
    },
    refetchInterval: 10_000,
    placeholderData: (before: Traffic | undefined) => before,
  });

/** Sums over all points. */
export function totals(points: Point[]) {
  const sum = (of: (point: Point) => number) => points.reduce((total, point) => total + of(point), 0);
  return {
    requests: sum(({ requests }) => requests['2xx'] + requests['3xx'] + requests['4xx'] + requests['5xx'] + requests.other),
    failed: sum(({ requests }) => requests['5xx']),
    admitted: sum((point) => point.preflights.admitted + point.actual.admitted),
    refused: sum((point) => point.preflights.refused + point.actual.refused),
    reported: sum((point) => point.preflights.reported + point.actual.reported),
    upstreamErrors: sum((point) => point.upstream_errors),
  };
}

/** The last time to first byte that there is. */
export function latestFirstByte(points: Point[]) {
  return points.findLast((point) => point.first_byte_ms !== null)?.first_byte_ms ?? null;
}
