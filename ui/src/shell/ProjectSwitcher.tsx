import { useChooseProject, useProject, useProjects } from './project';
import { useSession } from '../session/session';

export function ProjectSwitcher() {
  const session = useSession();
  const project = useProject();
  const choose = useChooseProject();
  const { data } = useProjects();
  if (!session.is_root) return <span className="project-name">{session.project}</span>;
  const projects = data?.pages.flatMap((page) => page.data) ?? [];
  const isKnown = project === null || projects.some(({ slug }) => slug === project);
  return (
    <label className="project-switcher">
      <span className="visually-hidden">Project</span>
      <select className="input" value={project ?? ''} onChange={(event) => choose(event.target.value || null)}>
        <option value="">All projects</option>
        {!isKnown && <option value={project}>{project}</option>}
        {projects.map(({ slug, name }) => (
          <option key={slug} value={slug}>
            {name === slug ? slug : `${name} (${slug})`}
          </option>
        ))}
      </select>
    </label>
  );
}
