// The call itself, the same on both pages: a streamed chat completion, as any web page would make it.

import { endpoint, key, model } from "./settings.js";

export const url = `${endpoint}/chat/completions`;

/** Asks, calls `onWord` for each piece of the answer as it arrives, and returns what else the page can see of it. */
export async function ask(question, onWord, signal) {
  const begin = performance.now();
  const response = await fetch(url, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify({ model, stream: true, messages: [{ role: "user", content: question }] }),
    signal,
  });
  if (!response.ok) {
    const problem = await response.json().catch(() => null);
    throw new Error(problem?.error?.message ?? `HTTP ${response.status}`);
  }
  const seen = { status: response.status, requestId: response.headers.get("X-Request-Id"), pieces: 0 };
  for await (const event of events(response.body)) {
    if (event === "[DONE]") {
      return { ...seen, wholeMs: performance.now() - begin };
    }
    const piece = JSON.parse(event).choices?.[0]?.delta?.content;
    if (piece) {
      seen.firstMs ??= performance.now() - begin;
      seen.pieces += 1;
      onWord(piece);
    }
  }
  throw new Error("the answer broke off");
}

/** Whether the gateway answers at all. A no-cors request may be sent from anywhere; its answer stays closed. */
export async function gatewayAnswers() {
  return fetch(new URL("/healthz", endpoint), { mode: "no-cors" }).then(() => true, () => false);
}

/** The data of server-sent events, one after the other. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      if (part.startsWith("data: ")) yield part.slice("data: ".length);
    }
  }
}
