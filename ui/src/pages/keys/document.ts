/** What of a key can be edited, in the form that the page edits it. */
import type { ApiKey, Issue } from '../../api/types';
import type { RateLimitDraft } from '../../parts/RateLimit';

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
const TYPED_LISTS = ['allowed_origins', 'allowed_ips'] as const;

export function draftOf(key: ApiKey): KeyDraft {
  const { name, scopes, endpoints, allowed_origins, allowed_ips, require_origin, rate_limit, max_concurrent, expires_at } = key;
  return { name, scopes, endpoints, allowed_origins, allowed_ips, require_origin, rate_limit, max_concurrent, expires_at };
}

/** The draft as it is sent: without the lines that are still blank. */
export function withoutBlanks(draft: KeyDraft): KeyDraft {
  const filled = (list: string[] | null) => list?.filter((line) => line.trim() !== '') ?? null;
  return { ...draft, allowed_origins: filled(draft.allowed_origins), allowed_ips: filled(draft.allowed_ips) };
}

/** Issues about what was sent, at the lines where they stand in the draft. */
export function onLines(issues: Issue[], draft: KeyDraft): Issue[] {
  return issues.map((issue) => {
    const [, field, index, ...rest] = issue.pointer.split('/');
    const list = TYPED_LISTS.find((name) => name === field);
    if (list === undefined || index === undefined) return issue;
    const filled = (draft[list] ?? []).flatMap((line, at) => (line.trim() === '' ? [] : [at]));
    return { ...issue, pointer: ['', list, filled[Number(index)] ?? index, ...rest].join('/') };
  });
}

/** The member of the document that an issue is about. */
export function fieldOf(issue: Issue): string {
  return issue.pointer.split('/')[1] ?? '';
}
