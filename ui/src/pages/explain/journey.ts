/** The way of a call, step by step, as an explanation tells it. */
import type { Explanation } from '../../api/types';

export type Place = 'page' | 'browser' | 'gateway' | 'upstream';

export interface Step {
  from: Place;
  to: Place;
  title: string;
  /** Lines of a request or an answer, as they are on the wire. */
  lines: string[];
  state: 'passed' | 'failed' | 'never';
}

type Headers = Record<string, string>;

const lines = (headers: Headers | undefined) => Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`);

/** The steps; those behind the one that fails never happen. Empty for a line of a console alone. */
export function journey(explanation: Explanation): Step[] {
  const { preflight, actual, verdict } = explanation;
  if (!preflight || !actual) return [];
  const isBlocked = verdict === 'blocked';
  const stopsBefore = isBlocked && !actual.sent;
  const stopsAtPreflight = stopsBefore && preflight.request !== null;
  const request = actual.request ?? preflight.request;
  const steps: Step[] = [
    {
      from: 'page',
      to: 'browser',
      title: `fetch(${request ? path(request.url) : '…'})`,
      lines: request ? [request.url] : [],
      state: stopsBefore && !stopsAtPreflight ? 'failed' : 'passed',
    },
  ];
  if (preflight.needed && preflight.request) {
    const { method, url, headers } = preflight.request;
    steps.push(
      { from: 'browser', to: 'gateway', title: `Preflight: ${method} ${path(url)}`, lines: lines(headers), state: 'passed' },
      {
        from: 'gateway',
        to: 'browser',
        title: `${preflight.response?.status ?? 'No'} answer${stopsAtPreflight ? ': not what the browser needs' : ''}`,
        lines: lines(preflight.response?.headers),
        state: stopsAtPreflight ? 'failed' : 'passed',
      },
    );
  }
  const after = stopsBefore ? 'never' : 'passed';
  steps.push({
    from: 'browser',
    to: 'gateway',
    title: actual.request ? `${actual.request.method} ${path(actual.request.url)}` : 'The request itself',
    lines: lines(actual.request?.headers),
    state: after,
  });
  if (!actual.denial) {
    steps.push({ from: 'gateway', to: 'upstream', title: 'Forwarded, with the credential of the endpoint', lines: [], state: after });
  }
  const isUnreadable = isBlocked && actual.sent;
  steps.push({
    from: 'gateway',
    to: 'browser',
    title: actual.denial ? `${actual.response?.status ?? ''} ${actual.denial}` : `${actual.response?.status ?? ''} answer`,
    lines: lines(actual.response?.headers),
    state: stopsBefore ? 'never' : isUnreadable ? 'failed' : 'passed',
  });
  steps.push({
    from: 'browser',
    to: 'page',
    title: isBlocked ? (actual.denial && actual.sent ? 'The page gets a refusal' : 'TypeError: the page learns nothing') : 'The page reads the answer',
    lines: [],
    state: isBlocked ? 'failed' : 'passed',
  });
  return steps;
}

function path(url: string): string {
  const whole = URL.canParse(url) ? new URL(url).pathname : url;
  return `…/${whole.split('/').slice(-2).join('/')}`;
}
