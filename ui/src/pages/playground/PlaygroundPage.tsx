/** A real cross-origin call from a real page, watched from here: preflight, answer and stream. */
import { useId, useState } from 'react';
import type { Endpoint, Issue, Question } from '../../api/types';
import { Button } from '../../parts/Button';
import { Code } from '../../parts/Copy';
import { EndpointPicker, useChosen, type Chosen } from '../../parts/EndpointPicker';
import { Field, TextInput } from '../../parts/Field';
import { Page } from '../../parts/Page';
import { ProblemView } from '../../parts/ProblemView';
import { useQuiet } from '../../parts/useQuiet';
import { CallView } from './CallView';
import { snippet } from './messages';
import { isLoopback, isOrigin, originIssues, useOrigins } from './origins';
import { useEndpoint } from './useEndpoint';
import { useOtherPage } from './useOtherPage';

export default function PlaygroundPage() {
  const begin = useChosen();
  const [edited, setChosen] = useState<Chosen | null>(null);
  const chosen = edited ?? begin;
  const { endpoint, issues, error } = useEndpoint(chosen);
  const origins = useOrigins(chosen.project, endpoint);
  const [typedOrigin, setOrigin] = useState<string | null>(null);
  const origin = typedOrigin ?? origins.find(isLoopback) ?? '';
  const [prompt, setPrompt] = useState('Say hello from another origin.');
  const page = useOtherPage(origin);
  const [isPopupBlocked, setPopupBlocked] = useState(false);
  const start = (path: string) => setPopupBlocked(!page.open(path));
  const question: Question = { ...(chosen.project && { project: chosen.project }), endpoint: endpoint?.name, origin, method: 'POST', headers: ['Content-Type: application/json', 'Authorization'] };
  const hasTestPage = isOfDemo(chosen) && isLoopback(origin) && origins.includes(origin);
  return (
    <Page title="Playground" lead="A real call of a real page on another origin. This page may not call other origins itself, and shows what that one tells.">
      <form className="card form" onSubmit={(event) => event.preventDefault()}>
        <EndpointPicker value={chosen} onChange={setChosen} issues={{ endpoint: issues }} />
        {error && <ProblemView error={error} />}
        <div className="form-row">
          <OriginField value={origin} onChange={setOrigin} known={origins} />
          <Field label="Prompt">
            <TextInput value={prompt} onChange={(event) => setPrompt(event.target.value)} />
          </Field>
        </div>
        {endpoint && hasTestPage && (
          <div className="stack">
            <div className="form-actions">
              <Button type="submit" variant="primary" onClick={() => start(`/playground?call=${Date.now()}#${new URLSearchParams({ prompt })}`)}>
                Call from {origin}
              </Button>
            </div>
            <p className="hint">Opens the demo's test page there, which has a key of its own.</p>
          </div>
        )}
        {isPopupBlocked && <p role="alert">The browser did not open the window. Allow pop-ups for this page, and try again.</p>}
        {endpoint && isOrigin(origin) && <OwnPage isOpen={!hasTestPage} origin={origin} endpoint={endpoint} prompt={prompt} onOpen={() => start('/')} />}
      </form>
      {endpoint && isOrigin(origin) && <CallView question={question} told={page.told} calls={page.calls} />}
    </Page>
  );
}

/** The demo alone serves a test page, on either of its origins; the page calls the demo's endpoint. */
function isOfDemo({ project, endpoint }: Chosen): boolean {
  return project === 'demo' && endpoint === 'demo';
}

function OriginField({ value, onChange, known }: { value: string; onChange: (origin: string) => void; known: string[] }) {
  const id = useId();
  const issues: Issue[] = originIssues(useQuiet(value));
  return (
    <Field
      label="Origin of the page"
      hint="One that the endpoint lists, one that was refused there lately, or any other."
      issues={issues}
      onSuggestion={(issue) => onChange(String(issue.suggestion))}
    >
      <TextInput list={id} value={value} placeholder="https://app.example.com" spellCheck={false} onChange={(event) => onChange(event.target.value.trim())} />
      <datalist id={id}>
        {known.map((origin) => (
          <option key={origin} value={origin} />
        ))}
      </datalist>
    </Field>
  );
}

interface OwnPageProps {
  isOpen: boolean;
  origin: string;
  endpoint: Endpoint;
  prompt: string;
  onOpen: () => void;
}

function OwnPage({ isOpen, origin, endpoint, prompt, onOpen }: OwnPageProps) {
  const [token, setToken] = useState('');
  const call = { url: `${endpoint.base_url}/chat/completions`, token: token || 'YOUR_KEY', model: modelOf(endpoint.models), prompt, dashboard: location.origin };
  return (
    <details open={isOpen}>
      <summary>From a page of your own</summary>
      <ol className="stack numbered">
        <li>
          <Field label="Publishable key (optional)" hint="Goes into the snippet below, and nowhere else.">
            <TextInput value={token} autoComplete="off" spellCheck={false} placeholder="dbr_pk_…" onChange={(event) => setToken(event.target.value.trim())} />
          </Field>
        </li>
        <li>
          <Button onClick={onOpen}>Open {origin}</Button>
          <p className="hint">From here, so that the page can tell this one what happens.</p>
        </li>
        <li>
          Paste this into that page's console:
          <Code label="Snippet">{snippet(call)}</Code>
        </li>
      </ol>
    </details>
  );
}

type Models = (string | { name: string })[];

function modelOf(models: Models | undefined): string {
  const first = models?.[0];
  return first === undefined ? 'any' : typeof first === 'string' ? first : first.name;
}
