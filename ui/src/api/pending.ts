/** Operations that `/openapi.json` does not list yet. */
import createClient from 'openapi-fetch';

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export const pending = createClient<any>({ baseUrl: '', credentials: 'same-origin' }) as any;

export interface Session {
  object: 'session';
  key_id: string;
  key_name: string | null;
  is_root: boolean;
  project: string | null;
  project_id: string | null;
  scopes: string[];
  created_at: string;
  expires_at: string;
  idle_expires_at: string;
}
