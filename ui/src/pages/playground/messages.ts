/** What a page on another origin tells of its own call, as it happens: the one protocol of test page and pasted snippet. */
type CallEvent =
  | { type: 'ready' }
  | { type: 'start'; url: string; method: string }
  | { type: 'head'; status: number; headers: [string, string][] }
  | { type: 'chunk'; text: string }
  | { type: 'end' }
  | { type: 'error'; message: string };

export interface Told {
  /** Milliseconds since the call began, by the other page's clock. */
  at: number;
  event: CallEvent;
}

const TYPES = ['ready', 'start', 'head', 'chunk', 'end', 'error'];

/** Reads a message of a page that is not trusted: whatever is not of this form is none. */
export function readMessage(data: unknown): Told | null {
  if (typeof data !== 'object' || data === null || !('drawbridge' in data)) return null;
  const { drawbridge: event, at } = data as { drawbridge: unknown; at?: unknown };
  if (typeof event !== 'object' || event === null || !('type' in event)) return null;
  const told = event as Record<string, unknown>;
  if (!TYPES.includes(String(told.type))) return null;
  const text = (name: string) => String(told[name] ?? '').slice(0, 20_000);
  const time = typeof at === 'number' && Number.isFinite(at) ? at : 0;
  switch (told.type) {
    case 'start':
      return { at: time, event: { type: 'start', url: text('url'), method: text('method') } };
    case 'head': {
      const headers = Array.isArray(told.headers) ? told.headers.slice(0, 100).map((pair) => [String(pair?.[0]), String(pair?.[1])] as [string, string]) : [];
      return { at: time, event: { type: 'head', status: Number(told.status) || 0, headers } };
    }
    case 'chunk':
      return { at: time, event: { type: 'chunk', text: text('text') } };
    case 'error':
      return { at: time, event: { type: 'error', message: text('message') } };
    default:
      return { at: time, event: { type: told.type as 'ready' | 'end' } };
  }
}

export interface Call {
  url: string;
  token: string;
  model: string;
  prompt: string;
  dashboard: string;
}

/** What to paste into the console of a page: the call itself, told to the console and to the dashboard that opened the page. */
export function snippet({ url, token, model, prompt, dashboard }: Call): string {
  const body = { model, stream: true, messages: [{ role: 'user', content: prompt }] };
  return `await (async () => {
  const began = performance.now();
  const tell = (drawbridge) => {
    console.log('drawbridge', drawbridge);
    window.opener?.postMessage({ drawbridge, at: performance.now() - began }, ${JSON.stringify(dashboard)});
  };
  const url = ${JSON.stringify(url)};
  tell({ type: 'start', url, method: 'POST' });
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: ${JSON.stringify(`Bearer ${token}`)} },
      body: JSON.stringify(${JSON.stringify(body)}),
    });
    tell({ type: 'head', status: response.status, headers: [...response.headers] });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) tell({ type: 'chunk', text: read.value });
    tell({ type: 'end' });
  } catch (error) {
    tell({ type: 'error', message: String(error) });
  }
})();`;
}
