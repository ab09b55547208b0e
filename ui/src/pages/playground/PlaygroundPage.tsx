/** A real cross-origin call from a real page, watched from here: preflight, answer and stream. */
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { answer, api } from '../../api/client';
import type { Question } from '../../api/types';
import { Button } from '../../parts/Button';
import { Code } from '../../parts/Copy';
import { EndpointPicker, useChosen } from '../../parts/EndpointPicker';
import { Field, TextInput } from '../../parts/Field';
import { Page } from '../../parts/Page';
import { CallView } from './CallView';
import { snippet } from './messages';
import { useOrigins } from './origins';
import { useOtherPage } from './useOtherPage';

export default function PlaygroundPage() {
  const begin = useChosen();
  const [edited, setChosen] = useState<typeof begin | null>(null);
  const chosen = edited ?? begin;
  const origins = useOrigins(chosen);
  const [typedOrigin, setOrigin] = useState<string | null>(null);
  const origin = typedOrigin ?? origins.find((known) => isLoopback(known)) ?? '';
  const [prompt, setPrompt] = useState('Say hello from another origin.');
  const [token, setToken] = useState('');
  const { data: endpoint } = useEndpoint(chosen.project, chosen.endpoint);
  const page = useOtherPage(origin);
  const [isPopupBlocked, setPopupBlocked] = useState(false);
  const call = { url: endpoint ? `${location.origin}${endpoint.url}/chat/completions` : '', token, model: modelOf(endpoint?.models), prompt, dashboard: location.origin };
  const question: Question = { ...(chosen.project && { project: chosen.project }), endpoint: chosen.endpoint, origin, method: 'POST', headers: ['Content-Type: application/json', 'Authorization'] };
  const start = (path: string) => setPopupBlocked(!page.open(path));
  const isReady = endpoint !== undefined && URL.canParse(origin);
  return (
    <Page title="Playground" lead="A real call of a real page on another origin. This page may not call other origins itself, and shows what that one tells.">
      <form className="card form" onSubmit={(event) => event.preventDefault()}>
        <EndpointPicker value={chosen} onChange={setChosen} />
        <div className="form-row">
          <OriginField value={origin} onChange={setOrigin} known={origins} />
          <Field label="Prompt">
            <TextInput value={prompt} onChange={(event) => setPrompt(event.target.value)} />
          </Field>
        </div>
        {isReady && isLoopback(origin) && (
          <div className="stack">
            <div className="form-actions">
              <Button type="submit" variant="primary" onClick={() => start(`/playground?call=${Date.now()}#${new URLSearchParams({ prompt })}`)}>
                Call from {origin}
              </Button>
            </div>
            <p className="hint">Opens the demo's test page there, which has a key of its own. Your own development server has no such page: use the snippet.</p>
          </div>
        )}
        {isPopupBlocked && <p role="alert">The browser did not open the window. Allow pop-ups for this page, and try again.</p>}
        {isReady && (
          <details open={!isLoopback(origin)}>
            <summary>From a page of your own</summary>
            <ol className="stack numbered">
              <li>
                <Field label="Publishable key (optional)" hint="Goes into the snippet below, and nowhere else.">
                  <TextInput value={token} autoComplete="off" spellCheck={false} placeholder="dbr_pk_…" onChange={(event) => setToken(event.target.value.trim())} />
                </Field>
              </li>
              <li>
                <Button onClick={() => start('/')}>Open {origin}</Button>
                <p className="hint">From here, so that the page can tell this one what happens.</p>
              </li>
              <li>
                Paste this into that page's console:
                <Code label="Snippet">{snippet({ ...call, token: token || 'YOUR_KEY' })}</Code>
              </li>
            </ol>
          </details>
        )}
      </form>
      {isReady && <CallView question={question} told={page.told} />}
    </Page>
  );
}

function OriginField({ value, onChange, known }: { value: string; onChange: (origin: string) => void; known: string[] }) {
  const id = useId();
  return (
    <Field label="Origin of the page" hint="One that the endpoint lists, one that was refused there lately, or any other.">
      <TextInput list={id} value={value} placeholder="https://app.example.com" spellCheck={false} onChange={(event) => onChange(event.target.value.trim())} />
      <datalist id={id}>
        {known.map((origin) => (
          <option key={origin} value={origin} />
        ))}
      </datalist>
    </Field>
  );
}

function useEndpoint(project: string, name: string) {
  return useQuery({
    queryKey: ['endpoint', project, name, 'playground'],
    queryFn: () => answer(api.GET('/v1/projects/{project}/endpoints/{name}', { params: { path: { project, name } } })),
    enabled: project !== '' && /^[a-z0-9-]{1,40}$/.test(name),
    retry: false,
  });
}

function isLoopback(origin: string): boolean {
  return URL.canParse(origin) && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(origin).hostname);
}

type Models = (string | { name: string })[];

function modelOf(models: Models | undefined): string {
  const first = models?.[0];
  return first === undefined ? 'any' : typeof first === 'string' ? first : first.name;
}
