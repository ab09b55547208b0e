/** The endpoints of the chosen project; without one, the projects to choose from. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from '../../parts/Button';
import { Page } from '../../parts/Page';
import { useMay, useSession } from '../../session/session';
import { useProject } from '../../shell/project';
import { EndpointTable } from './EndpointTable';
import { NewProjectDialog } from './NewProjectDialog';
import { ProjectTable } from './ProjectTable';

export default function EndpointsPage() {
  const project = useProject();
  const { is_root: isRoot } = useSession();
  const mayWrite = useMay('endpoints:write');
  const [isCreating, setIsCreating] = useState(false);
  const canCreateProject = isRoot && mayWrite;
  const create = () => setIsCreating(true);
  return (
    <Page
      title="Endpoints"
      lead={
        project === null
          ? 'Choose a project to see its endpoints.'
          : 'Each stands before one inference server, and says which web pages may call it.'
      }
      actions={
        <>
          {canCreateProject && <Button onClick={create}>New project</Button>}
          {mayWrite && project !== null && (
            <Link to="/endpoints/new" search={{ project }} className="button button-primary button-normal">
              New endpoint
            </Link>
          )}
        </>
      }
    >
      {project === null ? (
        <ProjectTable onCreate={canCreateProject ? create : undefined} />
      ) : (
        // A search is about one project.
        <EndpointTable key={project} project={project} canCreate={mayWrite} />
      )}
      <NewProjectDialog isOpen={isCreating} onClose={() => setIsCreating(false)} />
    </Page>
  );
}
