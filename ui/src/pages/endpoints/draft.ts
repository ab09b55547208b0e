/** An endpoint while it is being written, in the shape of the API's document, so that its pointers fit. */
import { isSame, mergePatch, valueAt } from '../../api/json';
import type { Cors, Endpoint, EndpointCreate, EndpointUpdate, Issue } from '../../api/types';

interface RenamedModel {
  name: string;
  upstream_name?: string | null;
}

export type ModelDraft = string | RenamedModel;

export interface Draft {
  name: string;
  models: ModelDraft[];
  upstream: {
    base_url: string;
    ca_certificate: string | null;
    credential_header: string | null;
    /** Absent: what is stored stays. A text sets it, null removes it. */
    credential?: string | null;
  };
  /** Null means the default. */
  cors: Omit<Cors, 'maxAge'> & { maxAge: number | null };
  /** What is null has the gateway's default. */
  limits: Record<LimitName, number | null>;
}

type LimitName = 'max_body_bytes' | 'connect_seconds' | 'first_byte_seconds' | 'idle_seconds';

const NO_LIMITS = { max_body_bytes: null, connect_seconds: null, first_byte_seconds: null, idle_seconds: null };

/** What is stored, ready to be changed. */
export function draftOf(endpoint: Endpoint): Draft {
  const { name, models, upstream, cors, limits } = endpoint;
  return {
    name,
    models,
    upstream: {
      base_url: upstream.base_url,
      ca_certificate: upstream.ca_certificate ?? null,
      credential_header: upstream.credential_header ?? null,
    },
    cors,
    limits: { ...NO_LIMITS, ...limits },
  };
}

/** The lists whose empty lines mean nothing yet. */
const LISTS = ['models', 'cors/allowedOrigins', 'cors/allowedMethods', 'cors/allowedHeaders', 'cors/exposedHeaders'];

const listAt = (draft: unknown, list: string) => (valueAt(draft, `/${list}`) ?? []) as unknown[];

/** Without the lines that are still empty. */
function compact<T extends { models: ModelDraft[]; cors?: Partial<Draft['cors']> }>(draft: T): T {
  const full = (list: string[] | undefined) => list?.filter((line) => line.trim() !== '');
  const cors = draft.cors && {
    ...draft.cors,
    ...Object.fromEntries(
      Object.entries(draft.cors).map(([name, value]) => [name, Array.isArray(value) ? full(value) : value]),
    ),
  };
  return { ...draft, models: draft.models.filter((model) => model !== ''), ...(cors && { cors }) };
}

/** What was said about the compact document, at its places in the draft that it was made from. */
export function placed(issues: Issue[], draft: unknown): Issue[] {
  return issues.map((issue) => {
    const list = LISTS.find((name) => issue.pointer.startsWith(`/${name}/`));
    if (!list) return issue;
    const [line = '', ...rest] = issue.pointer.slice(list.length + 2).split('/');
    const kept = listAt(draft, list).flatMap((item, at) =>
      typeof item === 'string' && (list === 'models' ? item === '' : item.trim() === '') ? [] : [at],
    );
    return { ...issue, pointer: ['', list, kept[Number(line)] ?? line, ...rest].join('/') };
  });
}

/** What still holds after the draft went on from what was checked: lines have not moved, and no cure was taken. */
export function stillTrue(issues: Issue[], checked: unknown, now: unknown): Issue[] {
  return issues.filter((issue) => {
    const list = LISTS.find((name) => issue.pointer.startsWith(`/${name}/`));
    if (list && listAt(checked, list).length !== listAt(now, list).length) return false;
    return issue.suggestion === undefined || !isSame(issue.suggestion, valueAt(now, issue.pointer));
  });
}

/** The smallest merge patch from what is stored to what is written; undefined where nothing is changed. */
export function patchOf(stored: Draft, draft: Draft): EndpointUpdate | undefined {
  return mergePatch(stored, compact(draft)) as EndpointUpdate | undefined;
}

/** The new endpoint's draft: everything that is not asked for has its default. */
export interface NewDraft {
  name: string;
  models: ModelDraft[];
  upstream: { base_url: string; credential?: string };
  cors: { allowedOrigins: string[]; allowedHeaders: string[] };
}

export const NEW_DRAFT: NewDraft = {
  name: '',
  models: [],
  upstream: { base_url: '' },
  cors: { allowedOrigins: [''], allowedHeaders: ['Content-Type', 'Authorization'] },
};

export function documentOf(draft: NewDraft): EndpointCreate {
  return compact(draft);
}
