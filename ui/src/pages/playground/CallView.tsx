/** The call as it happens: what the page tells, and once it began what the gateway answers to its preflight. */
import { useQuery } from '@tanstack/react-query';
import { Fragment } from 'react';
import { ApiProblem, answer, api } from '../../api/client';
import type { Explanation, Question } from '../../api/types';
import { Badge, type Tone } from '../../parts/Badge';
import { Fixes } from '../../parts/Fixes';
import { ProblemView } from '../../parts/ProblemView';
import { Prose } from '../../parts/Prose';
import type { Told } from './messages';

interface Props {
  question: Question;
  told: Told[];
  /** How many calls there were: each is explained anew. */
  calls: number;
}

export function CallView({ question, told, calls }: Props) {
  const { data: explanation, error, refetch } = useQuery({
    queryKey: ['explain', question, calls],
    queryFn: () => answer(api.POST('/v1/cors/explain', { body: question })),
    enabled: told[0]?.event.type === 'start',
    retry: false,
  });
  const chunks = told.flatMap(({ event }) => (event.type === 'chunk' ? event.text : []));
  const isFailed = told.some(({ event }) => event.type === 'error');
  return (
    <section className="card" aria-labelledby="call">
      <h2 id="call">The call</h2>
      {error instanceof ApiProblem && <ProblemView error={error} />}
      <ol className="steps">
        {told.map((message, index) => (
          <Fragment key={index}>
            {message.event.type !== 'chunk' && <EventView message={message} />}
            {message.event.type === 'start' && explanation && <Preflight explanation={explanation} />}
          </Fragment>
        ))}
        {told.length === 0 && (
          <li>
            <Badge>waiting</Badge> for the other page's call
          </li>
        )}
      </ol>
      {chunks.length > 0 && (
        <div className="stack">
          <h3>
            Stream: {chunks.length} {chunks.length === 1 ? 'chunk' : 'chunks'}
          </h3>
          <pre className="stream" tabIndex={0} aria-live="off">
            {words(chunks.join(''))}
          </pre>
          <details>
            <summary>As it was on the wire</summary>
            <pre className="stream" tabIndex={0}>
              {chunks.join('')}
            </pre>
          </details>
        </div>
      )}
      {isFailed && explanation?.verdict === 'blocked' && <Cure explanation={explanation} onApplied={() => void refetch()} />}
    </section>
  );
}

function Preflight({ explanation }: { explanation: Explanation }) {
  const { preflight, verdict, actual } = explanation;
  if (!preflight) return null;
  const isRefused = verdict === 'blocked' && !actual?.sent;
  return (
    <li className="step">
      <div className="row">
        <Badge tone={isRefused ? 'bad' : 'good'}>{preflight.needed ? 'preflight' : 'no preflight'}</Badge>
        <span className="step-title">
          {preflight.needed
            ? `The gateway answers ${preflight.request?.method ?? 'OPTIONS'} with ${preflight.response?.status ?? '–'}: the browser ${isRefused ? 'stops here' : 'goes on'}`
            : 'The browser asks nothing first'}
        </span>
      </div>
      <p className="hint">Not seen, but explained by the gateway: browsers show preflights to no page.</p>
      {preflight.response && <HeaderLines headers={Object.entries(preflight.response.headers)} />}
    </li>
  );
}

function EventView({ message: { at, event } }: { message: Told }) {
  const [tone, name, text] = told(event);
  return (
    <li className="step">
      <div className="row">
        <Badge tone={tone}>{name}</Badge>
        <span className="step-title">{text}</span>
        <span className="hint">{Math.round(at)} ms</span>
      </div>
      {event.type === 'head' && <HeaderLines headers={event.headers} />}
    </li>
  );
}

function told(event: Told['event']): [Tone, string, string] {
  switch (event.type) {
    case 'ready':
      return ['calm', 'open', 'The page is there'];
    case 'start':
      return ['calm', 'fetch', `${event.method} ${event.url}`];
    case 'head':
      return [event.status < 400 ? 'good' : 'bad', String(event.status), 'The page can read the answer, with these headers'];
    case 'end':
      return ['good', 'end', 'The stream came to its end'];
    case 'error':
      return ['bad', 'blocked', event.message];
    case 'chunk':
      return ['good', 'chunk', event.text];
  }
}

/** What the model says in a stream of server-sent events; the stream itself where it is none. */
function words(stream: string): string {
  const pieces = stream.split('\n').flatMap((line) => {
    if (!line.startsWith('data: {')) return [];
    try {
      const { choices } = JSON.parse(line.slice(6)) as { choices?: { delta?: { content?: string } }[] };
      return choices?.[0]?.delta?.content ?? [];
    } catch {
      return [];
    }
  });
  return pieces.length > 0 ? pieces.join('') : stream;
}

function HeaderLines({ headers }: { headers: [string, string][] }) {
  return (
    <details>
      <summary>Headers</summary>
      <pre tabIndex={0}>
        <code>{headers.map(([name, value]) => `${name}: ${value}`).join('\n')}</code>
      </pre>
    </details>
  );
}

function Cure({ explanation, onApplied }: { explanation: Explanation; onApplied: () => void }) {
  return (
    <div className="stack">
      {explanation.cause && (
        <p>
          <Prose>{explanation.cause}</Prose>
        </p>
      )}
      <Fixes fixes={explanation.fixes} onApplied={onApplied} />
      <p className="hint">Then call again: the next request obeys it.</p>
    </div>
  );
}
