import type { Traffic } from './traffic';

export function Reasons({ reasons }: { reasons: Traffic['reasons'] }) {
  const sorted = reasons.toSorted((one, other) => other.count - one.count);
  return (
    <section className="card" aria-labelledby="reasons">
      <h2 id="reasons">Why calls were refused</h2>
      {sorted.length === 0 ? (
        <p className="hint">None was.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Reason</th>
              <th scope="col">Where</th>
              <th scope="col" className="number">
                Times
              </th>
            </tr>
          </thead>
          <tbody>
            {sorted.map(({ reason, phase, count }) => (
              <tr key={`${reason} ${phase}`}>
                <td>
                  <a href={`/errors#${reason}`}>{reason}</a>
                </td>
                <td>{phase === 'preflight' ? 'Preflight' : 'Request'}</td>
                <td className="number">{count.toLocaleString('en')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
