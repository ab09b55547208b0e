/** The lines of a chart, drawn by uPlot in the page's own colours. Fetched when a chart is first shown. */
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { figure, type Figures } from './figures';

const HEIGHT = 200;

export default function Plot({ times, series, unit }: Figures) {
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

  return <div ref={place} />;
}

function options(width: number, series: Figures['series'], unit: string): uPlot.Options {
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
