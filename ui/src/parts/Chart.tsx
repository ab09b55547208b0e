/** Lines over time; the same figures as a table for whoever cannot see them. */
import { lazy, Suspense } from 'react';
import { figure, type Figures } from './figures';

// The frame has its height before the lines are there.
const Plot = lazy(() => import('./Plot'));

interface Props extends Omit<Figures, 'unit'> {
  title: string;
  unit?: string;
}

export function Chart({ title, times, series, unit = '' }: Props) {
  const figures = { times, series, unit };
  return (
    <figure className="chart">
      <figcaption className="chart-title">{title}</figcaption>
      <div className="chart-place" aria-hidden="true">
        <Suspense>
          <Plot {...figures} />
        </Suspense>
      </div>
      <details>
        <summary>As a table</summary>
        <div className="table-scroll chart-table" tabIndex={0} role="region" aria-label={title}>
          <Table {...figures} />
        </div>
      </details>
    </figure>
  );
}

function Table({ times, series, unit }: Figures) {
  const rows = times.map((time, index) => ({ time, values: series.map(({ values }) => values[index] ?? null) }));
  const told = rows.filter(({ values }) => values.some((value) => value !== null && value !== 0));
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">From</th>
          {series.map(({ label }) => (
            <th scope="col" className="number" key={label}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {told.map(({ time, values }) => (
          <tr key={time}>
            <td>{new Date(time * 1000).toLocaleString()}</td>
            {values.map((value, index) => (
              <td className="number" key={index}>
                {value === null ? '–' : `${figure(value)}${unit}`}
              </td>
            ))}
          </tr>
        ))}
        {told.length === 0 && (
          <tr>
            <td colSpan={series.length + 1}>Nothing in this time</td>
          </tr>
        )}
      </tbody>
    </table>
  );
}
