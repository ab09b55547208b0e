/** The same change as a request and as a command, to take along. Never shows a credential. */
import { changedPointers, valueAt } from '../../api/json';
import type { EndpointUpdate } from '../../api/types';

const HIDDEN = 'THE_CREDENTIAL';

/** The patch with a stand-in for what must not be shown. */
function shownPatch(patch: EndpointUpdate): EndpointUpdate {
  if (typeof patch.upstream?.credential !== 'string') return patch;
  return { ...patch, upstream: { ...patch.upstream, credential: HIDDEN } };
}

/** The request as HTTP writes it. */
export function requestText(path: string, etag: string | null, patch: EndpointUpdate): string {
  return [
    `PATCH ${path}`,
    'Content-Type: application/merge-patch+json',
    ...(etag === null ? [] : [`If-Match: ${etag}`]),
    '',
    JSON.stringify(shownPatch(patch), null, 2),
  ].join('\n');
}

/** `drawbridge endpoint update …`: by flags where there are some for all of it, else by the patch. */
export function commandText(project: string, name: string, before: string[], patch: EndpointUpdate): string {
  const start = `drawbridge endpoint update ${name} --project ${project}`;
  const flags = changedPointers(patch).map((pointer) => flag(pointer, valueAt(patch, pointer), before));
  return flags.every((one) => one !== null)
    ? [start, ...flags].join(' ')
    : `${start} --patch ${quoted(JSON.stringify(shownPatch(patch)))}`;
}

const FLAGS: Record<string, string> = {
  '/cors/maxAge': '--max-age',
  '/cors/enforcement': '--enforcement',
  '/upstream/base_url': '--upstream',
  '/upstream/credential_header': '--credential-header',
  '/limits/max_body_bytes': '--max-body-bytes',
  '/limits/connect_seconds': '--connect-seconds',
  '/limits/first_byte_seconds': '--first-byte-seconds',
  '/limits/idle_seconds': '--idle-seconds',
};

function flag(pointer: string, value: unknown, before: string[]): string | null {
  if (pointer === '/cors/allowedOrigins') return originFlags(before, value as string[]);
  if (pointer === '/cors/allowCredentials') return `--allow-credentials=${String(value)}`;
  if (pointer === '/upstream/credential') return value === null ? '--no-credential' : '--credential-stdin';
  const name = FLAGS[pointer];
  return name === undefined || value === null ? null : `${name} ${quoted(String(value))}`;
}

/** Null where the order changes, too, which adding and removing cannot say. */
function originFlags(before: string[], after: string[]): string | null {
  const [old, next] = [new Set(before), new Set(after)];
  const removed = before.filter((origin) => !next.has(origin));
  const added = after.filter((origin) => !old.has(origin));
  const result = [...before.filter((origin) => next.has(origin)), ...added];
  if (result.join(' ') !== after.join(' ')) return null;
  return [
    ...removed.map((origin) => `--remove-origin ${quoted(origin)}`),
    ...added.map((origin) => `--add-origin ${quoted(origin)}`),
  ].join(' ');
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
