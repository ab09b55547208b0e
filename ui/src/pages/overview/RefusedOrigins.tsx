/** The origins that were refused most, on the days of the chosen time. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Loading } from '../../parts/Page';
import { ProblemView } from '../../parts/ProblemView';
import { useProject } from '../../shell/project';
import { MOST_ENTRIES, refusedOriginsQuery, type RefusedOrigins as Refused } from './refusedOrigins';
import type { Span } from './traffic';

export function RefusedOrigins({ span }: { span: Span }) {
  const project = useProject();
  const { data, error } = useQuery(refusedOriginsQuery(project, span));
  return (
    <section className="card" aria-labelledby="refused-origins">
      <h2 id="refused-origins">Top refused origins</h2>
      {data ? <Top refused={data} /> : error ? <ProblemView error={error} /> : <Loading rows={8} />}
    </section>
  );
}

function Top({ refused }: { refused: Refused }) {
  const top = refused.origins.slice(0, 8);
  return (
    <>
      {top.length === 0 ? (
        <p className="hint">No page was refused.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Origin</th>
              <th scope="col" className="number">
                Times
              </th>
            </tr>
          </thead>
          <tbody>
            {top.map(({ origin, count }) => (
              <tr key={origin}>
                <td className="wrap">{origin}</td>
                <td className="number">{count.toLocaleString('en')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="hint">{coverage(refused)}</p>
      <p>
        <Link to="/refusals">What would let them through</Link>
      </p>
    </>
  );
}

/** What the figures are about. */
function coverage({ from, unnamed, isPartial }: Refused): string {
  const others = unnamed > 0 ? ` ${unnamed.toLocaleString('en')} more came from origins that were not told apart.` : '';
  const bound = isPartial ? ` Summed up from the latest ${MOST_ENTRIES.toLocaleString('en')} entries; there are more.` : '';
  return `Refused from the start of ${from} (UTC) until now, in whole days.${others}${bound}`;
}
