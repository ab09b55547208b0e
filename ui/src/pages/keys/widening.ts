/** What a change of a key lets through that was refused before, in sentences: asked about before it is saved. */
import { inWords, isLooser, type RateLimitDraft } from '../../parts/rateLimits';
import { ago } from '../../parts/Time';
import type { KeyDraft } from './document';
import { SCOPES } from './words';

const named = (names: string[]) => names.join(', ');
const added = <T>(before: T[], after: T[]) => after.filter((item) => !before.includes(item));

/** `ofProject` is the limit of keys that have none of their own; undefined where that is not known. */
export function widening(before: KeyDraft, after: KeyDraft, ofProject?: RateLimitDraft | null): string[] {
  return [
    ...scopes(before, after),
    ...endpoints(before, after),
    ...origins(before.allowed_origins, after.allowed_origins),
    ...networks(before.allowed_ips, after.allowed_ips),
    ...(before.require_origin && !after.require_origin ? ['Requests without an Origin, from scripts and servers, may use it.'] : []),
    ...rate(before.rate_limit, after.rate_limit, ofProject),
    ...concurrent(before.max_concurrent, after.max_concurrent),
    ...expiry(before.expires_at, after.expires_at),
  ];
}

function scopes(before: KeyDraft, after: KeyDraft): string[] {
  return added(before.scopes, after.scopes).map((scope) => `Whoever has it gains ${scope}: ${SCOPES[scope]}`);
}

function endpoints({ endpoints: before }: KeyDraft, { endpoints: after }: KeyDraft): string[] {
  if (before === null) return [];
  if (after === null) return ['It may use every endpoint of the project, also those that are created later.'];
  const more = added(before, after);
  return more.length > 0 ? [`It may use ${named(more)} too.`] : [];
}

function origins(before: string[] | null, after: string[] | null): string[] {
  if (after === null)
    return before === null ? [] : ['Pages of every origin that an endpoint lists may use it there; the list of its own no longer narrows that.'];
  const more = added(before ?? [], after);
  if (more.length === 0) return [];
  if (before === null)
    return [`At endpoints that list no origins, pages of ${named(more)} may use it; until now no page could. Elsewhere it is narrowed to them.`];
  return [`Whatever runs on pages of ${named(more)} may use it, at endpoints that list these origins, or none.`];
}

function networks(before: string[] | null, after: string[] | null): string[] {
  if (before === null) return [];
  if (after === null) return ['It may be used from any network.'];
  const more = added(before, after);
  return more.length > 0 ? [`It may be used from ${named(more)} too.`] : [];
}

function rate(before: RateLimitDraft | null, after: RateLimitDraft | null, ofProject?: RateLimitDraft | null): string[] {
  const [old, next] = [before ?? ofProject, after ?? ofProject];
  // A limit of its own where the project's is not known may be the stricter or the looser one.
  if (old === undefined) return after === before ? [] : ['Its own rate limit takes the place of its project’s, which may be stricter.'];
  if (next === undefined) return ['It has its project’s rate limit, if there is one, and not its own.'];
  return isLooser(old, next) ? [next === null ? 'It may send any number of requests.' : `It may send more requests: ${inWords(next)}.`] : [];
}

function concurrent(before: number | null, after: number | null): string[] {
  if (before === null || (after !== null && after <= before)) return [];
  return [after === null ? 'Any number of its requests may be under way at once.' : `${after} of its requests may be under way at once, not ${before}.`];
}

function expiry(before: string | null, after: string | null): string[] {
  if (before === null) return [];
  if (after === null) return ['It never expires.'];
  const isLater = new Date(after) > new Date(before);
  return isLater ? [`It is good for longer: it expires ${ago(after)}, not ${ago(before)}.`] : [];
}
