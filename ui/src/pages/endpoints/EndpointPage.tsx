/** One endpoint: its policy, upstream, models and limits, and how it is used. */
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { ApiProblem } from '../../api/client';
import { Button } from '../../parts/Button';
import { Empty, Loading, Page } from '../../parts/Page';
import { ProblemView } from '../../parts/ProblemView';
import { EndpointEditor } from './EndpointEditor';
import { endpointQuery } from './endpointsApi';

export default function EndpointPage() {
  const { projectSlug: project = '', name = '' } = useParams({ strict: false });
  const { data, error, refetch } = useQuery(endpointQuery(project, name));
  const isGone = error instanceof ApiProblem && error.status === 404;
  if (data && !isGone) {
    return (
      <Page title={name} lead={<Lead project={project} />} actions={<Actions project={project} name={name} />}>
        {/* Another endpoint is another draft. */}
        <EndpointEditor key={`${project}/${name}`} stored={data} />
      </Page>
    );
  }
  return (
    <Page title={name}>
      {!error && <Loading rows={8} />}
      {isGone && (
        <Empty title={`The project “${project}” has no endpoint “${name}”`}>
          <p>It may have been deleted, or the name is mistyped.</p>
          <Link to="/endpoints" search={{ project }} className="button button-plain button-normal">
            Endpoints of {project}
          </Link>
        </Empty>
      )}
      {error && !isGone && (
        <ProblemView error={error}>
          <Button onClick={() => void refetch()}>Try again</Button>
        </ProblemView>
      )}
    </Page>
  );
}

function Lead({ project }: { project: string }) {
  return (
    <>
      Endpoint of{' '}
      <Link to="/endpoints" search={{ project }}>
        {project}
      </Link>
    </>
  );
}

function Actions({ project, name }: { project: string; name: string }) {
  return (
    <>
      <Link to="/explain" search={{ project, endpoint: name }} className="button button-plain button-normal">
        Explain a call
      </Link>
      <Link to="/refusals" search={{ project, endpoint: name }} className="button button-plain button-normal">
        Refusals
      </Link>
    </>
  );
}
