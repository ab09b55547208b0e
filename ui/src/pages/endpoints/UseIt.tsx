/** How pages and servers call the endpoint, ready to paste. */
import { Link } from '@tanstack/react-router';
import { valueAt } from '../../api/json';
import type { Endpoint } from '../../api/types';
import { Button } from '../../parts/Button';
import { Code } from '../../parts/Copy';
import { useMay } from '../../session/session';
import { useDraftForm } from './form';
import { modelName } from './words';

export function UseIt({ endpoint }: { endpoint: Endpoint }) {
  const url = endpoint.base_url;
  const model = endpoint.models[0] === undefined ? 'your-model' : modelName(endpoint.models[0]);
  return (
    <section className="card" aria-labelledby="use-it">
      <h2 id="use-it">Use it</h2>
      <div className="stack-tight">
        <h3>Base URL for SDKs</h3>
        <Code label="Base URL">{url}</Code>
      </div>
      <div className="stack-tight">
        <h3>In a page, with the openai SDK</h3>
        <OpenAiHeaders />
        <Code label="JavaScript">{script(url, model)}</Code>
      </div>
      <div className="stack-tight">
        <h3>On a server</h3>
        <Code label="curl">{curl(url, model)}</Code>
      </div>
      <p className="hint">
        Pages take a publishable key, servers a secret one. <Link to="/keys">Keys</Link>
      </p>
    </section>
  );
}

/** The commonest reason why a first call from a page fails. */
function OpenAiHeaders() {
  const { draft, set } = useDraftForm();
  const mayWrite = useMay('endpoints:write');
  const headers = (valueAt(draft, '/cors/allowedHeaders') ?? []) as string[];
  if (headers.some((header) => ['*', '@openai', 'x-stainless-*'].includes(header.toLowerCase()))) return null;
  return (
    <>
      <p className="hint">The SDK sends headers that this policy does not allow.</p>
      {mayWrite && (
        <div>
          <Button size="small" onClick={() => set('/cors/allowedHeaders', [...headers, '@openai'])}>
            Allow the headers of <code>@openai</code>
          </Button>
        </div>
      )}
    </>
  );
}

const script = (url: string, model: string) => `import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: ${JSON.stringify(url)},
  apiKey: 'dbr_pk_live_…', // a publishable key
  dangerouslyAllowBrowser: true,
});
const stream = await client.chat.completions.create({
  model: ${JSON.stringify(model)},
  messages: [{ role: 'user', content: 'Hello' }],
  stream: true,
});
for await (const chunk of stream) {
  console.log(chunk.choices[0]?.delta?.content);
}`;

const curl = (url: string, model: string) => `curl ${url}/chat/completions \\
  -H "Authorization: Bearer $DRAWBRIDGE_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '${JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }).replaceAll("'", "'\\''")}'`;
