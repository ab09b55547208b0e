/** The origins that were refused most, of the latest refusals. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { answer, api } from '../../api/client';
import type { CorsRefusal } from '../../api/types';
import { Loading } from '../../parts/Page';
import { ProblemView } from '../../parts/ProblemView';
import { useProject } from '../../shell/project';

export function RefusedOrigins() {
  const project = useProject();
  const { data, error } = useQuery({
    queryKey: ['refusals', 'top', project],
    queryFn: () => answer(api.GET('/v1/cors/refusals', { params: { query: { limit: 200, ...(project && { project }) } } })),
    refetchInterval: 5_000,
  });
  return (
    <section className="card" aria-labelledby="refused-origins">
      <h2 id="refused-origins">Top refused origins</h2>
      {data ? <Top refusals={data.data} /> : error ? <ProblemView error={error} /> : <Loading rows={8} />}
    </section>
  );
}

function Top({ refusals }: { refusals: CorsRefusal[] }) {
  const top = byOrigin(refusals).slice(0, 8);
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
      <p>
        <Link to="/refusals">What would let them through</Link>
      </p>
    </>
  );
}

function byOrigin(refusals: CorsRefusal[]): { origin: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { origin, count } of refusals) {
    if (origin !== null) counts.set(origin, (counts.get(origin) ?? 0) + count);
  }
  return [...counts].map(([origin, count]) => ({ origin, count })).sort((one, other) => other.count - one.count);
}
