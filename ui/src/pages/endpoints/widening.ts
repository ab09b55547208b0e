/** Which parts of a change let more in, and what each of them means. */
import { headersOf } from './presets';
import { ENFORCEMENT, ENFORCEMENTS, modelName } from './words';
import type { Draft, ModelDraft } from './draft';

type Policy = Draft['cors'];
type Widened = Pick<Draft, 'models' | 'cors'>;

/** Sentences, one for each way in which `to` admits more than `from`; none where it admits no more. */
export function widenings(from: Widened, to: Widened): string[] {
  const [old, next] = [from.cors, to.cors];
  return [
    ...widenedOrigins(old.allowedOrigins, next.allowedOrigins),
    ...credentials(old, next),
    ...enforcement(old, next),
    ...methods(old.allowedMethods, next.allowedMethods),
    ...headers(old.allowedHeaders, next.allowedHeaders),
    ...exposed(old.exposedHeaders, next.exposedHeaders),
    ...models(from.models, to.models),
  ];
}

const named = (names: string[]) => (names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', '));

export function widenedOrigins(from: string[], to: string[]): string[] {
  const old = new Set(from);
  const added = to.filter((origin) => !old.has(origin));
  if (added.includes('*')) {
    return ['Every page on the web may call this endpoint, sandboxed frames and local files included. A key that stands in a page works from any other.'];
  }
  if (to.length === 0 && from.length > 0) {
    return ['The endpoint lists no origins any more: from now on each key’s own allowed origins decide which pages may call it.'];
  }
  if (added.length === 0) return [];
  const admitted = `Pages of ${named(added)} may call this endpoint and read its answers.`;
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

function methods(from: string[], to: string[]): string[] {
  if (from.includes('*')) return [];
  if (to.includes('*')) return ['Pages that are admitted may use every method, also those that change or delete something at the upstream.'];
  // HEAD counts as listed where GET is.
  const added = to.filter((method) => !from.includes(method) && !(method === 'HEAD' && from.includes('GET')));
  return added.length > 0 ? [`Pages that are admitted may use ${named(added)} too.`] : [];
}

function headers(from: string[], to: string[]): string[] {
  const [old, next] = [headersOf(from), headersOf(to)];
  const added = next.filter((header) => !isCovered(header, old, ['authorization']));
  if (added.includes('*')) {
    const hasAuthorization = next.some((header) => header.toLowerCase() === 'authorization');
    return [`Pages that are admitted may send every header${hasAuthorization ? '' : ' but Authorization'}, and the upstream sees what they say.`];
  }
  return added.length > 0 ? [`Pages that are admitted may send ${named(added)} too, and the upstream sees what they say.`] : [];
}

function exposed(from: string[], to: string[]): string[] {
  const added = to.filter((header) => !isCovered(header, from, []));
  if (added.includes('*')) return ['Scripts of pages that are admitted may read every header of an answer.'];
  return added.length > 0 ? [`Scripts of pages that are admitted may read ${named(added)} of an answer too.`] : [];
}

/** Whether a list admits what a name, or a prefix with `*`, stands for. `unstarred` are the names that `*` does not stand for. */
function isCovered(header: string, by: string[], unstarred: string[]): boolean {
  const name = header.toLowerCase();
  return by.some((other) => {
    const pattern = other.toLowerCase();
    if (pattern === name) return true;
    if (pattern === '*') return !unstarred.includes(name);
    return pattern.endsWith('*') && name !== '*' && name.startsWith(pattern.slice(0, -1));
  });
}

function models(from: ModelDraft[], to: ModelDraft[]): string[] {
  if (from.length === 0) return [];
  if (to.length === 0) return ['No model is listed any more: clients may ask for every model that the upstream has, and bodies are not looked at.'];
  const old = from.map(served);
  const added = to.map(served).filter((model) => !old.includes(model));
  return added.length > 0 ? [`Clients may ask for ${named(added)} too.`] : [];
}

/** A model as people tell it from others: by what the upstream is asked for, too. */
function served(model: ModelDraft): string {
  const upstream = typeof model === 'string' ? null : model.upstream_name;
  const name = modelName(model);
  return upstream && upstream !== name ? `${name} (at the upstream ${upstream})` : name;
}
