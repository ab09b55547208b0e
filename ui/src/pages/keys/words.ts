/** What the parts of a key mean, in the words of the dashboard. */
import type { ApiKey } from '../../api/types';
import type { Scope } from './document';

export const KINDS: Record<ApiKey['kind'], { label: string; about: string }> = {
  publishable: {
    label: 'Publishable',
    about:
      'May stand in the source of a web page, where anyone can read it. It calls models and nothing else, from the origins that you allow; it never manages anything.',
  },
  secret: {
    label: 'Secret',
    about:
      'For servers and scripts, which keep it to themselves. It calls models, and with further scopes manages endpoints and keys. Never put it into a page.',
  },
};

export const MODES: Record<ApiKey['mode'], { label: string; about: string }> = {
  live: { label: 'Live', about: 'For production.' },
  test: { label: 'Test', about: 'For trying things out; its token says “test”.' },
};

export const SCOPES: Record<Scope, string> = {
  inference: 'Call models through the gateway.',
  'endpoints:read': 'See endpoints and what was refused, and ask why.',
  'endpoints:write': 'Create, change and delete endpoints: whom pages and requests are let through to.',
  'keys:read': 'See keys, never their tokens.',
  'keys:write': 'Create, change, rotate and revoke keys, within what it holds itself.',
  'audit:read': 'Read who changed what.',
};

/** A list that may be absent or empty, in few words. */
export function summary(list: string[] | null, any: string): string {
  if (list === null) return any;
  const [first, ...rest] = list;
  if (first === undefined) return 'nobody';
  return rest.length === 0 ? first : `${first} and ${rest.length} more`;
}
