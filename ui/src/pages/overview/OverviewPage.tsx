/** How the gateway is doing: decisions, reasons, errors and times, as it counted them itself. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Empty, Loading, Page } from '../../parts/Page';
import { ProblemView, Stale } from '../../parts/ProblemView';
import { useProject } from '../../shell/project';
import { Charts } from './Charts';
import { Reasons } from './Reasons';
import { RefusedOrigins } from './RefusedOrigins';
import { latestFirstByte, SPANS, totals, trafficQuery, type Span, type Traffic } from './traffic';

export default function OverviewPage() {
  const project = useProject();
  const [span, setSpan] = useState<Span>(SPANS[1]);
  const { data, error } = useQuery(trafficQuery(project, span));
  return (
    <Page
      title="Overview"
      lead={project ? `What the project ${project} was asked, and what became of it.` : 'What the gateway was asked, and what became of it.'}
      actions={<Spans value={span} onChange={setSpan} />}
    >
      {error && !data && <ProblemView error={error} />}
      {!data && !error && <Loading rows={10} />}
      {data && <Stale error={error} />}
      {data && <Figures traffic={data} span={span} />}
    </Page>
  );
}

function Spans({ value, onChange }: { value: Span; onChange: (span: Span) => void }) {
  return (
    <div className="segments" role="group" aria-label="Time">
      {SPANS.map((span) => (
        <button
          key={span.id}
          type="button"
          className="button button-small button-plain"
          aria-pressed={span.id === value.id}
          onClick={() => onChange(span)}
        >
          {span.label}
        </button>
      ))}
    </div>
  );
}

function Figures({ traffic, span }: { traffic: Traffic; span: Span }) {
  const sums = totals(traffic.points);
  const firstByte = latestFirstByte(traffic.points);
  const isQuiet = sums.requests === 0 && sums.refused === 0;
  return (
    <>
      <dl className="figures">
        <Figure name="Requests" value={count(sums.requests)} />
        <Figure name="Admitted by CORS" value={count(sums.admitted)} />
        <Figure name="Refused by CORS" value={count(sums.refused)} tone={sums.refused > 0 ? 'bad' : undefined} />
        <Figure name="Server errors" value={count(sums.failed)} tone={sums.failed > 0 ? 'bad' : undefined} />
        <Figure name="First byte, median" value={firstByte ? `${firstByte.p50.toLocaleString('en', { maximumFractionDigits: 1 })} ms` : '–'} />
        <Figure name="Open streams" value={count(traffic.now.open_streams)} />
      </dl>
      {isQuiet && <Quiet />}
      <Charts traffic={traffic} />
      <div className="cards">
        <RefusedOrigins span={span} />
        <Reasons reasons={traffic.reasons} />
        <Busiest endpoints={traffic.endpoints} />
      </div>
    </>
  );
}

const count = (value: number) => value.toLocaleString('en');

function Figure({ name, value, tone }: { name: string; value: string; tone?: 'bad' }) {
  return (
    <div className="figure">
      <dt>{name}</dt>
      <dd className={tone && `figure-${tone}`}>{value}</dd>
    </div>
  );
}

function Quiet() {
  return (
    <Empty title="No request in this time">
      <p>
        Give a page the base URL of <Link to="/endpoints">an endpoint</Link> and <Link to="/keys">a publishable key</Link>; its calls show here within seconds.
      </p>
    </Empty>
  );
}

function Busiest({ endpoints }: { endpoints: Traffic['endpoints'] }) {
  return (
    <section className="card" aria-labelledby="busiest">
      <h2 id="busiest">Busiest endpoints</h2>
      {endpoints.length === 0 ? (
        <p className="hint">None was called.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Endpoint</th>
              <th scope="col" className="number">
                Requests
              </th>
              <th scope="col" className="number">
                Refused
              </th>
            </tr>
          </thead>
          <tbody>
            {endpoints.slice(0, 10).map(({ endpoint, requests, refused }) => (
              <tr key={endpoint}>
                <td>
                  <EndpointLink endpoint={endpoint} />
                </td>
                <td className="number">{count(requests)}</td>
                <td className="number">{count(refused)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function EndpointLink({ endpoint }: { endpoint: string }) {
  const [project, name] = endpoint.split('/');
  if (!project || !name) return endpoint;
  return (
    <Link to="/endpoints/$projectSlug/$name" params={{ projectSlug: project, name }}>
      {endpoint}
    </Link>
  );
}
