/** The project's settings, what the gateway was started with, and what pages need in their own policy. */
import { Page } from '../../parts/Page';
import { useProject } from '../../shell/project';
import { Configuration } from './Configuration';
import { CspHelper } from './CspHelper';
import { ProjectSettings } from './ProjectSettings';

export default function SettingsPage() {
  const project = useProject();
  return (
    <Page title="Settings">
      {project === null ? (
        <p className="notice">Choose a project above to change its name, its rate limit and what becomes of secret keys in pages.</p>
      ) : (
        <ProjectSettings project={project} />
      )}
      <CspHelper />
      <Configuration />
    </Page>
  );
}
