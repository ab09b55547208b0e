/**
 * What the tests' page can do. It runs in the browser, written as an application would write it: it knows the
 * gateway's URL and a publishable key, and can tell only what the browser lets it read.
 */
import OpenAI, {
  APIConnectionError,
  APIError,
  APIUserAbortError,
  AuthenticationError,
  NotFoundError,
} from 'openai';

/**
 * One `fetch`: what it resolved to as far as the page can read it, or how it rejected.
 * @param {{ url: string } & RequestInit} request
 */
async function call(request) {
  const answer = await begin(request);
  return answer.resolved ? { ...answer, body: answer.body + (await finish()) } : answer;
}

/** The body that `begin` left unread. */
let unread;

/** The same up to the first chunk of the body. */
async function begin({ url, ...init }) {
  try {
    const response = await fetch(url, init);
    unread = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const { status, type } = response;
    const headers = Object.fromEntries(response.headers);
    return { resolved: true, type, status, headers, body: await chunk() };
  } catch (error) {
    return { resolved: false, error: String(error) };
  }
}

/** The rest of the body that `begin` began. */
async function finish() {
  let rest = '';
  for (let text = await chunk(); text !== ''; text = await chunk()) rest += text;
  return rest;
}

async function chunk() {
  return (await unread?.read())?.value ?? '';
}

let read = 0;

/** How many pieces of text `stream` has read since the page was loaded. */
function piecesRead() {
  return read;
}

/**
 * A chat completion streamed by hand. With `cancelAfter`, the page aborts after that many pieces of text.
 * @param {{ baseURL: string, key: string, request: object, cancelAfter?: number }} options
 */
async function stream({ baseURL, key, request, cancelAfter = Infinity }) {
  const abort = new AbortController();
  const response = await fetch(`${baseURL}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...request, stream: true }),
    signal: abort.signal,
  });
  const pieces = [];
  let isDone = false;
  try {
    for await (const data of events(response.body)) {
      isDone ||= data === '[DONE]';
      const choices = isDone ? [] : JSON.parse(data).choices;
      for (const { delta } of choices) if (delta.content) pieces.push(delta.content);
      read = pieces.length;
      if (read >= cancelAfter) abort.abort();
    }
    return { status: response.status, type: response.headers.get('content-type'), pieces, isDone };
  } catch (error) {
    return { status: response.status, pieces, isDone, error: error.name };
  }
}

/** The data of each server-sent event. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data: ')) yield line.slice('data: '.length);
  }
}

/**
 * A chat completion by the SDK.
 * @param {{ baseURL: string, key: string, request: object }} options
 */
async function complete({ baseURL, key, request }) {
  return told(async () => {
    const answer = await client(baseURL, key).chat.completions.create(request);
    return { content: answer.choices[0].message.content, requestId: answer._request_id };
  });
}

/**
 * A chat completion streamed by the SDK, cancelled after `cancelAfter` pieces of text.
 * @param {{ baseURL: string, key: string, request: object, cancelAfter?: number }} options
 */
async function completeStreaming({ baseURL, key, request, cancelAfter = Infinity }) {
  const pieces = [];
  return told(async () => {
    const answer = await client(baseURL, key).chat.completions.create({ ...request, stream: true });
    let finish = null;
    for await (const chunk of answer) {
      for (const { delta, finish_reason } of chunk.choices) {
        if (delta.content) pieces.push(delta.content);
        finish ??= finish_reason;
      }
      if (pieces.length >= cancelAfter) answer.controller.abort();
    }
    return { pieces, finish };
  });
}

/** The models that the SDK lists. */
async function models({ baseURL, key }) {
  return told(async () => {
    const names = [];
    for await (const model of client(baseURL, key).models.list()) names.push(model.id);
    return { names };
  });
}

function client(baseURL, key) {
  return new OpenAI({ baseURL, apiKey: key, dangerouslyAllowBrowser: true });
}

/** What a call gave, or the SDK's own error as an application sees it. */
async function told(attempt) {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    const kinds = { APIConnectionError, APIUserAbortError, AuthenticationError, NotFoundError };
    const kind = Object.keys(kinds).find((name) => error instanceof kinds[name]) ?? 'APIError';
    const { status, code, message, requestID: requestId } = error;
    return { error: { kind, status, code, message, requestId } };
  }
}

globalThis.drawbridge = { call, begin, finish, stream, piecesRead, complete, completeStreaming, models };
