/** What a document was and became, member by member; said by signs and words, not by colour alone. */
interface Step {
  from: unknown;
  to: unknown;
}

/** `changes` by JSON Pointer. */
export function Changes({ changes }: { changes: Record<string, Step> }) {
  return (
    <dl className="changes">
      {Object.entries(changes).map(([pointer, { from, to }]) => (
        <div key={pointer}>
          <dt>
            <code>{pointer}</code>
          </dt>
          <dd>
            <Lines of={difference(from, to)} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

interface Line {
  sign: '+' | '−';
  text: string;
}

const written = (value: unknown) => JSON.stringify(value, null, 2) ?? 'null';

/** Of two lists only what one has and the other has not; of all else both sides. */
function difference(from: unknown, to: unknown): Line[] {
  const minus = (value: unknown): Line => ({ sign: '−', text: written(value) });
  const plus = (value: unknown): Line => ({ sign: '+', text: written(value) });
  if (!Array.isArray(from) || !Array.isArray(to)) return [minus(from), plus(to)];
  const before = from.map(written);
  const after = to.map(written);
  const gone = from.filter((_, at) => !after.includes(before[at] ?? ''));
  const come = to.filter((_, at) => !before.includes(after[at] ?? ''));
  // The same entries in another order.
  if (gone.length + come.length === 0) return [minus(from), plus(to)];
  return [...gone.map(minus), ...come.map(plus)];
}

export function Lines({ of }: { of: Line[] }) {
  return of.map(({ sign, text }, at) => (
    // Lines have no identity but their place.
    <pre key={at} className={sign === '+' ? 'line-added' : 'line-removed'}>
      <span className="visually-hidden">{sign === '+' ? 'added ' : 'removed '}</span>
      <span aria-hidden="true">{sign} </span>
      {text}
    </pre>
  ));
}
