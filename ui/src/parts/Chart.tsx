/** Lines over time, drawn by uPlot in the page's own colours; the same figures as a table for whoever cannot see them. */
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

interface Series {
  label: string;
  /** The name of a colour of tokens.css, e.g. `--good`. */
  color: string;
  values: (number | null)[];
}

interface Props {
  title: string;
  /** Seconds since 1970. */
  times: number[];
  series: Series[];
  unit?: string;
}

const HEIGHT = 200;

export default function Chart({ title, times, series, unit = '' }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const labels = series.map(({ label, color }) => `${label} ${color}`).join();
  const data: uPlot.AlignedData = [times, ...series.map(({ values }) => values)];
  const latest = useRef({ series, data });
  latest.current = { series, data };

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(element.clientWidth, latest.current.series, unit), latest.current.data, element);
    };
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', draw);
    addEventListener('drawbridge-theme', draw);
    return () => {
      resized.disconnect();
      scheme.removeEventListener('change', draw);
      removeEventListener('drawbridge-theme', draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [labels, unit]);

  useEffect(() => {
    plot.current?.setData(latest.current.data);
  });

  return (
    <figure className="chart">
      <figcaption className="chart-title">{title}</figcaption>
      <div ref={place} className="chart-place" aria-hidden="true" />
      <details>
        <summary>As a table</summary>
        <div className="table-scroll chart-table" tabIndex={0} role="region" aria-label={title}>
          <Figures times={times} series={series} unit={unit} />
        </div>
      </details>
    </figure>
  );
}

function options(width: number, series: Series[], unit: string): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  // The colours are light-dark(…): only an element's own property is resolved to one of the two.
  const probe = document.body.appendChild(document.createElement('i'));
  const color = (name: string) => {
    probe.style.color = style.getPropertyValue(name);
    return getComputedStyle(probe).color;
  };
  const axis = { stroke: color('--text-soft'), grid: { stroke: color('--line'), width: 1 }, ticks: { show: false } };
  const built: uPlot.Options = {
    width,
    height: HEIGHT,
    series: [
      { value: '{YYYY}-{MM}-{DD} {HH}:{mm}' },
      ...series.map(({ label, color: name }) => ({ label, stroke: color(name), width: 2, points: { show: false }, value: (_: uPlot, value: number | null) => (value === null ? '–' : `${figure(value)}${unit}`) })),
    ],
    axes: [axis, { ...axis, size: 52, values: (_, ticks) => ticks.map((tick) => (unit === '' && !Number.isInteger(tick) ? '' : `${figure(tick)}${unit}`)) }],
    scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.1, 1)] } },
    legend: { live: true },
    cursor: { drag: { x: false, y: false } },
  };
  probe.remove();
  return built;
}

const figure = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 1 });

function Figures({ times, series, unit }: Omit<Props, 'title'>) {
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
