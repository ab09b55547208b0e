/** Buckets of requests that are refilled evenly: what they say, and which lets more through. */

/** A number that is being typed is null while it is none. */
export interface RateLimitDraft {
  requests: number | null;
  per_seconds: number | null;
  /** Null: as many as the requests. */
  burst: number | null;
}

/** Whether one limit lets through what another refuses, in the long run or at once; null is no limit. */
export function isLooser(old: RateLimitDraft | null, next: RateLimitDraft | null): boolean {
  if (old === null) return false;
  if (next === null) return true;
  return speed(next) > speed(old) || atOnce(next) > atOnce(old);
}

export function inWords(limit: RateLimitDraft): string {
  return `${limit.requests} in ${limit.per_seconds} seconds, ${atOnce(limit)} at once`;
}

const speed = ({ requests, per_seconds }: RateLimitDraft) => (requests ?? 0) / (per_seconds ?? 1);
const atOnce = ({ requests, burst }: RateLimitDraft) => burst ?? requests ?? 0;
