/** A long answer, sent chunk by chunk, and how to tell that all of it arrived. */
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { listen } from './listen.mjs';

/** The pieces of its text, each different from all others. */
export const PIECES = Array.from({ length: 10_000 }, (_, number) => `${number} `);

const END = '\n\n';

/** Its body: a chat completion as server-sent events, one a piece. */
export const BODY = [...PIECES.map((content) => JSON.stringify(piece(content))), '[DONE]']
  .map((data) => `data: ${data}${END}`)
  .join('');

function piece(content) {
  const choices = [{ index: 0, delta: { content }, finish_reason: null }];
  return { id: 'chatcmpl-long', object: 'chat.completion.chunk', created: 0, model: 'long', choices };
}

/**
 * Starts an upstream that answers everything with that stream, each event a chunk that is written by itself.
 * @param {import('./authority.mjs').Authority} [authority] whose certificate it speaks HTTPS with
 * @returns {Promise<string>} its base URL
 */
export async function startLongStream(authority) {
  const chunks = cut(BODY);
  const { port } = await listen(async (request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const chunk of chunks) {
      // Waited for one by one, as what is written together leaves together; and other streams have their turn between.
      await new Promise((written) => response.write(chunk, written));
      await nextTurn();
    }
    response.end();
  }, authority);
  return `${authority ? 'https' : 'http'}://127.0.0.1:${port}/v1`;
}

/**
 * Fails unless these are the pieces, all and in order. Not `deepEqual`, which would print thousands of them.
 * @param {string[]} received
 */
export function assertPieces(received) {
  assertSame(received, PIECES);
}

/**
 * Fails unless this is the body, to the byte.
 * @param {string} received
 */
export function assertBody(received) {
  assertSame(cut(received), cut(BODY));
}

function assertSame(received, expected) {
  const length = Math.max(received.length, expected.length);
  for (let index = 0; index < length; index += 1) {
    assert.equal(received[index], expected[index], `chunk ${index} is ${JSON.stringify(received[index])}`);
  }
}

/** The events of a body; nothing of it is left out. */
function cut(body) {
  return body.split(new RegExp(`(?<=${END})`));
}
