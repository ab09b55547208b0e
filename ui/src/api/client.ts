/** The management API, typed by what the gateway says of itself; who calls is known by the session's cookie. */
import createClient from 'openapi-fetch';
import { isUnattended, UNATTENDED } from './attention';
import type { paths } from './schema';
import type { Issue, Problem } from './types';

export const api = createClient<paths>({ baseUrl: '', credentials: 'same-origin' });

api.use({
  onRequest: ({ request }) => {
    if (isUnattended()) request.headers.set(UNATTENDED, '1');
    return request;
  },
});

/** A refusal of the API, or its silence, in a form that can be shown. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string | undefined;
  readonly issues: Issue[];

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.title ?? 'The gateway did not answer');
    this.status = status;
    this.code = problem.code ?? 'unreachable';
    this.detail = problem.detail ?? 'Check that it is running and that you are connected, then try again.';
    this.requestId = problem.request_id;
    this.issues = problem.errors ?? [];
  }

  /** Somebody else changed the resource in between. */
  get isConflict(): boolean {
    return this.status === 412;
  }
}

/** What is dispatched on the window when an answer says that nobody is signed in. */
export const SIGNED_OUT = 'drawbridge-signed-out';

/** The refusal in an answer, after whoever must know that the session ended was told. */
export function refusal(status: number, problem: Partial<Problem>): ApiProblem {
  // A link that is not good says nothing of the session that there is.
  if (status === 401 && problem.code !== 'sign_in_code_invalid') dispatchEvent(new Event(SIGNED_OUT));
  return new ApiProblem(status, problem);
}

/** Whether a problem means that nobody is signed in. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 401;
}

interface Fetched<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** A resource and the entity tag to change it with. */
export interface Tagged<T> {
  data: T;
  etag: string | null;
}

/** The answer's body and entity tag; throws an {@link ApiProblem} for everything but success. */
export async function tagged<T>(call: Promise<Fetched<T>>): Promise<Tagged<T>> {
  const { data, error, response } = await call.catch(() => {
    throw new ApiProblem(0, {});
  });
  if (!response.ok) throw refusal(response.status, problem(error, response));
  return { data: data as T, etag: response.headers.get('etag') };
}

/** The answer's body; throws an {@link ApiProblem} for everything but success. */
export async function answer<T>(call: Promise<Fetched<T>>): Promise<T> {
  return (await tagged(call)).data;
}

function problem(error: unknown, response: Response): Partial<Problem> {
  if (typeof error !== 'object' || error === null) return { title: `The gateway answered ${response.status}` };
  // What the data plane refuses on its own comes in OpenAI's shape.
  if ('error' in error && typeof error.error === 'object' && error.error !== null) {
    const { message, code, request_id } = error.error as { message: string; code: Problem['code']; request_id: string };
    return { title: message, detail: '', code, request_id };
  }
  return error as Partial<Problem>;
}

/** The header that makes a write fail where somebody else was faster. */
export function ifMatch(etag: string | null): { 'If-Match'?: string } {
  return etag === null ? {} : { 'If-Match': etag };
}
