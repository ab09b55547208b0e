import { Chart } from '../../parts/Chart';
import type { Traffic } from './traffic';

export function Charts({ traffic }: { traffic: Traffic }) {
  const { points } = traffic;
  const times = points.map(({ at }) => new Date(at).getTime() / 1000);
  const of = (value: (point: Traffic['points'][number]) => number | null) => points.map(value);
  return (
    <div className="cards charts">
      <Chart
        title="Decisions by CORS"
        times={times}
        series={[
          { label: 'Admitted', color: '--good', values: of((point) => point.preflights.admitted + point.actual.admitted) },
          { label: 'Refused', color: '--bad', values: of((point) => point.preflights.refused + point.actual.refused) },
          { label: 'Reported only', color: '--warn', values: of((point) => point.preflights.reported + point.actual.reported) },
        ]}
      />
      <Chart
        title="Requests by status"
        times={times}
        series={[
          { label: '2xx and 3xx', color: '--accent', values: of(({ requests }) => requests['2xx'] + requests['3xx']) },
          { label: '4xx', color: '--warn', values: of(({ requests }) => requests['4xx']) },
          { label: '5xx', color: '--bad', values: of(({ requests }) => requests['5xx']) },
        ]}
      />
      <Chart
        title="Time to first byte"
        times={times}
        unit=" ms"
        series={[
          { label: 'Median', color: '--accent', values: of((point) => point.first_byte_ms?.p50 ?? null) },
          { label: '95 of 100', color: '--warn', values: of((point) => point.first_byte_ms?.p95 ?? null) },
        ]}
      />
    </div>
  );
}
