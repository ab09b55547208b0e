/** How a key is used, ready to be run. `gateway` is the origin where calls go. */
import type { ApiKey } from '../../api/types';

/** The base URL that an SDK is given: the endpoint's own where the key names one, else the shared one. */
function baseUrl(key: ApiKey, gateway: string): string {
  const [endpoint] = key.endpoints ?? [];
  return endpoint === undefined ? `${gateway}/v1` : `${gateway}/${key.project_id}/${endpoint}/v1`;
}

export function curl(key: ApiKey, token: string, gateway: string): string {
  // Management is where this page is, which need not be where calls go.
  if (!key.scopes.includes('inference')) return `curl ${location.origin}/v1/projects/${key.project} \\\n  -H 'Authorization: Bearer ${token}'`;
  const [pattern] = key.allowed_origins ?? [];
  const page = key.require_origin && pattern ? `  -H 'Origin: ${pattern.replace('*.', 'www.').replace(':*', '')}' \\\n` : '';
  return `curl ${baseUrl(key, gateway)}/chat/completions \\
  -H 'Authorization: Bearer ${token}' \\
  -H 'Content-Type: application/json' \\
${page}  -d '{"model": "MODEL", "messages": [{"role": "user", "content": "Hello"}]}'`;
}

export function openai(key: ApiKey, token: string, gateway: string): string {
  const [secret, inBrowser] =
    key.kind === 'publishable'
      ? [`'${token}'`, '\n  dangerouslyAllowBrowser: true, // a publishable key is made for it']
      : ['process.env.DRAWBRIDGE_KEY', ''];
  return `import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: '${baseUrl(key, gateway)}',
  apiKey: ${secret},${inBrowser}
});
const answer = await client.chat.completions.create({
  model: 'MODEL',
  messages: [{ role: 'user', content: 'Hello' }],
});`;
}
