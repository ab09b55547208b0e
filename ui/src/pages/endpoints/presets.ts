/** What the presets of `allowedHeaders` stand for; the same lists as in `crates/drawbridge-policy/src/presets.rs`. */
interface Preset {
  name: string;
  /** Who sends these headers. */
  sender: string;
  headers: string[];
}

export const PRESETS: Preset[] = [
  {
    name: '@openai',
    sender: 'the openai SDK',
    headers: [
      'Authorization',
      'Content-Type',
      'OpenAI-Beta',
      'OpenAI-Organization',
      'OpenAI-Project',
      'User-Agent',
      'X-Stainless-Arch',
      'X-Stainless-Custom-Poll-Interval',
      'X-Stainless-Helper-Method',
      'X-Stainless-Lang',
      'X-Stainless-OS',
      'X-Stainless-Package-Version',
      'X-Stainless-Poll-Helper',
      'X-Stainless-Retry-Count',
      'X-Stainless-Runtime',
      'X-Stainless-Runtime-Version',
      'X-Stainless-Timeout',
    ],
  },
  {
    name: '@anthropic',
    sender: 'the @anthropic-ai/sdk SDK',
    headers: [
      'Anthropic-Beta',
      'Anthropic-Dangerous-Direct-Browser-Access',
      'Anthropic-User-Profile-Id',
      'Anthropic-Version',
      'Anthropic-Workspace-Id',
      'Authorization',
      'Content-Type',
      'User-Agent',
      'X-Api-Key',
      'X-Stainless-Arch',
      'X-Stainless-Helper',
      'X-Stainless-Helper-Method',
      'X-Stainless-Lang',
      'X-Stainless-OS',
      'X-Stainless-Package-Version',
      'X-Stainless-Retry-Count',
      'X-Stainless-Runtime',
      'X-Stainless-Runtime-Version',
      'X-Stainless-Timeout',
    ],
  },
  {
    name: '@google-genai',
    sender: 'the @google/genai SDK',
    headers: [
      'Authorization',
      'Content-Type',
      'User-Agent',
      'X-Goog-Api-Client',
      'X-Goog-Api-Key',
      'X-Goog-Upload-Command',
      'X-Goog-Upload-File-Name',
      'X-Goog-Upload-Header-Content-Length',
      'X-Goog-Upload-Header-Content-Type',
      'X-Goog-Upload-Offset',
      'X-Goog-Upload-Protocol',
      'X-Goog-User-Project',
      'X-Server-Timeout',
    ],
  },
  {
    name: '@drawbridge',
    sender: 'pages that use what the gateway itself understands',
    headers: ['Idempotency-Key', 'X-Idempotency-Key', 'X-Request-Id'],
  },
];

/** A list of headers with what its presets stand for in their place. */
export function headersOf(list: string[]): string[] {
  return list.flatMap((entry) => PRESETS.find(({ name }) => name === entry)?.headers ?? [entry]);
}
