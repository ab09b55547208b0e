/** The operations of the settings page that the generated client does not have yet. */
import { queryOptions } from '@tanstack/react-query';
import { answer } from '../../api/client';
import { pending } from '../../api/pending';

export interface Setting {
  name: string;
  value: unknown;
  source: 'default' | 'file' | 'environment' | 'flag';
  summary: string;
}

export interface Settings {
  object: 'settings';
  config_file: string | null;
  settings: Setting[];
}

export interface CspCheck {
  verdict: 'allowed' | 'blocked';
  source: string;
  blocks: {
    policy: number;
    directive: string;
    text: string;
    near: { source: string; has: string }[];
    cure: string | null;
  }[];
  /** The whole header, with the cures in it. */
  cured: string | null;
  warnings: string[];
}

export interface Csp {
  object: 'csp';
  source: string;
  policy: string;
  check: CspCheck | null;
}

export interface CspQuestion {
  project: string | null;
  policy: string | null;
  page_origin?: string;
}

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: () => answer<Settings>(pending.GET('/dashboard/api/settings')),
});

export const cspQuery = (question: CspQuestion) =>
  queryOptions({
    queryKey: ['csp', question],
    queryFn: () => answer<Csp>(pending.POST('/dashboard/api/csp', { body: question })),
    placeholderData: (before) => before,
  });
