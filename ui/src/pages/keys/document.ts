/** What of a key can be edited, in the form that the page edits it. */
import type { ApiKey, Issue } from '../../api/types';
import type { RateLimitDraft } from '../../parts/rateLimits';

export type Scope = ApiKey['scopes'][number];

export interface KeyDraft {
  name: string;
  scopes: Scope[];
  endpoints: string[] | null;
  allowed_origins: string[] | null;
  allowed_ips: string[] | null;
  require_origin: boolean;
  rate_limit: RateLimitDraft | null;
  max_concurrent: number | null;
  expires_at: string | null;
}

export const NEW_KEY: KeyDraft = {
  name: '',
  scopes: ['inference'],
  endpoints: null,
  allowed_origins: null,
  allowed_ips: null,
  require_origin: false,
  rate_limit: null,
  max_concurrent: null,
  expires_at: null,
};

export const FIELDS = Object.keys(NEW_KEY) as (keyof KeyDraft)[];

export function draftOf(key: ApiKey): KeyDraft {
  const { name, scopes, endpoints, allowed_origins, allowed_ips, require_origin, rate_limit, max_concurrent, expires_at } = key;
  return { name, scopes, endpoints, allowed_origins, allowed_ips, require_origin, rate_limit, max_concurrent, expires_at };
}

/** The member of the document that an issue is about. */
export function fieldOf(issue: Issue): string {
  return issue.pointer.split('/')[1] ?? '';
}
