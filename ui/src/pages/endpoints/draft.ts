/** An endpoint while it is being written, in the shape of the API's document, so that its pointers fit. */
import { isSame, mergePatch, valueAt } from '../../api/json';
import { withoutBlanks } from '../../api/lines';
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

/** What still holds after the draft went on from what was checked: lines have not moved, and no cure was taken. */
export function stillTrue(issues: Issue[], checked: unknown, now: unknown): Issue[] {
  const hasMoved = (list: string) => {
    const [before, after] = [valueAt(checked, list), valueAt(now, list)];
    return Array.isArray(before) && Array.isArray(after) && before.length !== after.length;
  };
  return issues.filter(({ pointer, suggestion }) => {
    const above = pointer.split('/').map((_, depth, path) => path.slice(0, depth).join('/'));
    return !above.some(hasMoved) && (suggestion === undefined || !isSame(suggestion, valueAt(now, pointer)));
  });
}

/** The smallest merge patch from what is stored to what is written; undefined where nothing is changed. */
export function patchOf(stored: Draft, draft: Draft): EndpointUpdate | undefined {
  return mergePatch(stored, withoutBlanks(draft)) as EndpointUpdate | undefined;
}

/** A credential is never read back, so a change of it cannot be taken back either. */
export function canUndo(patch: EndpointUpdate): boolean {
  return patch.upstream?.credential === undefined;
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
  return withoutBlanks(draft);
}
