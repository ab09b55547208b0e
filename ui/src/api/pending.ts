/** Operations that `/openapi.json` does not list yet. */
import createClient from 'openapi-fetch';

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export const pending = createClient<any>({ baseUrl: '', credentials: 'same-origin' }) as any;
