/** An endpoint's settings in words. */
import type { Tone } from '../../parts/Badge';
import type { Cors } from '../../api/types';
import type { ModelDraft } from './draft';

export type Enforcement = Cors['enforcement'];

export const ENFORCEMENT: Record<Enforcement, { title: string; tone: Tone; meaning: string }> = {
  server: {
    title: 'Server',
    tone: 'good',
    meaning: 'The gateway refuses calls from other pages with 403, before the upstream sees them. The safe choice.',
  },
  browser: {
    title: 'Browser',
    tone: 'warn',
    meaning:
      'Calls from other pages go through to the upstream and cost what they cost; only their answer is kept from the page. This is CORS as browsers enforce it.',
  },
  report: {
    title: 'Report only',
    tone: 'bad',
    meaning:
      'Nothing is refused: every origin, method and header is answered as if it were listed, and what would have been refused is counted under Refusals. For trying a policy out.',
  },
};

/** From the strictest to the loosest. */
export const ENFORCEMENTS: Enforcement[] = ['server', 'browser', 'report'];

export function originsSummary(origins: string[]): string {
  const [first, second] = origins;
  if (first === undefined) return 'Its keys decide';
  if (origins.includes('*')) return 'Every page (*)';
  if (second === undefined) return first;
  return `${first} and ${origins.length - 1} more`;
}

export function modelName(model: ModelDraft): string {
  return typeof model === 'string' ? model : model.name;
}

export function modelsSummary(models: ModelDraft[]): string {
  if (models.length === 0) return 'Any';
  const names = models.slice(0, 3).map(modelName).join(', ');
  return models.length > 3 ? `${names} and ${models.length - 3} more` : names;
}

/** The host of a URL; what was written where it is none. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

const counted = (count: number, unit: string) => `${count.toLocaleString('en')} ${unit}${count === 1 ? '' : 's'}`;

const TIMES: [string, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/** `90` as `1 minute 30 seconds`: the two largest units. */
export function secondsInWords(seconds: number): string {
  if (seconds === 0) return 'not at all';
  let rest = seconds;
  const parts = TIMES.flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count > 0 ? [counted(count, unit)] : [];
  });
  return parts.slice(0, 2).join(' ');
}

/** `33554432` as `32 MiB`. */
export function bytesInWords(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB'];
  let [size, unit] = [bytes, -1];
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return unit < 0 ? counted(bytes, 'byte') : `${Number(size.toFixed(1)).toLocaleString('en')} ${units[unit]}`;
}

/** What the fields of the document are called on the page. */
const FIELDS: Record<string, string> = {
  '/models': 'Models',
  '/upstream/base_url': 'Base URL',
  '/upstream/credential': 'Credential',
  '/upstream/credential_header': 'Credential header',
  '/upstream/ca_certificate': 'Private authority',
  '/cors/allowedOrigins': 'Allowed origins',
  '/cors/allowedMethods': 'Allowed methods',
  '/cors/allowedHeaders': 'Allowed request headers',
  '/cors/exposedHeaders': 'Exposed response headers',
  '/cors/maxAge': 'Preflight memory',
  '/cors/allowCredentials': 'Cookies',
  '/cors/enforcement': 'Enforcement',
  '/limits/max_body_bytes': 'Largest request body',
  '/limits/connect_seconds': 'Wait for a connection',
  '/limits/first_byte_seconds': 'Wait for the first byte',
  '/limits/idle_seconds': 'Wait between bytes',
};

export function fieldName(pointer: string): string {
  return FIELDS[pointer] ?? pointer;
}
