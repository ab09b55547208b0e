/** Which parts of a change let more in, and what each of them means. */
import { ENFORCEMENT, ENFORCEMENTS, type Enforcement } from './words';

interface Policy {
  allowedOrigins: string[];
  allowCredentials?: boolean;
  enforcement?: Enforcement;
}

/** Sentences, one for each way in which `to` admits more than `from`; none where it admits no more. */
export function widenings(from: Policy, to: Policy): string[] {
  return [...origins(from.allowedOrigins, to.allowedOrigins), ...credentials(from, to), ...enforcement(from, to)];
}

function origins(from: string[], to: string[]): string[] {
  const old = new Set(from);
  const added = to.filter((origin) => !old.has(origin));
  if (added.includes('*')) {
    return ['Every page on the web may call this endpoint, sandboxed frames and local files included. A key that stands in a page works from any other.'];
  }
  if (to.length === 0 && from.length > 0) {
    return ['The endpoint lists no origins any more: from now on each key’s own allowed origins decide which pages may call it.'];
  }
  if (added.length === 0) return [];
  const pages = added.length > 8 ? `${added.slice(0, 8).join(', ')} and ${added.length - 8} more` : added.join(', ');
  const admitted = `Pages of ${pages} may call this endpoint and read its answers.`;
  return from.length > 0
    ? [admitted]
    : [`${admitted} So far its keys’ own lists decided; from now on this list does, and keys can only narrow it.`];
}

function credentials(from: Policy, to: Policy): string[] {
  if (from.allowCredentials || !to.allowCredentials) return [];
  return ['Browsers send cookies and client certificates along: a page that is admitted acts with what its visitor has. An API key in a header does not need this.'];
}

function enforcement(from: Policy, to: Policy): string[] {
  const [old, next] = [from.enforcement ?? 'server', to.enforcement ?? 'server'];
  if (ENFORCEMENTS.indexOf(next) <= ENFORCEMENTS.indexOf(old)) return [];
  return [`Enforcement becomes “${ENFORCEMENT[next].title}”. ${ENFORCEMENT[next].meaning}`];
}
