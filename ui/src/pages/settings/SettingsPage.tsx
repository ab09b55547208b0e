/** The project's settings, what the gateway was started with, and what pages need in their own policy. */
import { useQuery } from '@tanstack/react-query';
import { Loading, Page } from '../../parts/Page';
import { useSession } from '../../session/session';
import { useProject } from '../../shell/project';
import { Configuration } from './Configuration';
import { CspHelper } from './CspHelper';
import { cspQuery, projectQuery, settingsQuery } from './data';
import { ProjectSettings } from './ProjectSettings';

export default function SettingsPage() {
  return (
    <Page title="Settings">
      <Sections />
    </Page>
  );
}

function Sections() {
  const project = useProject();
  const isLoading = useIsLoading(project);
  if (isLoading) return <Loading rows={12} />;
  return (
    <>
      {project === null ? (
        <p className="notice">Choose a project above to change its name, its rate limit and what becomes of secret keys in pages.</p>
      ) : (
        <ProjectSettings project={project} />
      )}
      <CspHelper />
      <Configuration />
    </>
  );
}

/** The sections come together, so that none pushes another away. */
function useIsLoading(project: string | null): boolean {
  const { is_root } = useSession();
  const stored = useQuery({ ...projectQuery(project ?? ''), enabled: project !== null });
  const csp = useQuery(cspQuery({ project, policy: null }));
  const settings = useQuery({ ...settingsQuery, enabled: is_root });
  // What failed once is shown as that, and asks again on its own: taken away then, it would ask again for ever.
  return [stored, csp, settings].some((query) => query.isLoading && !query.isFetched);
}
