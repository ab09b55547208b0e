import { useNavigate } from '@tanstack/react-router';
import { useChooseProject, useProject, useProjects } from './project';
import { useSession } from '../session/session';

/** No slug is like that. */
const MORE = '…';

export function ProjectSwitcher() {
  const session = useSession();
  const project = useProject();
  const choose = useChooseProject();
  const { data, hasNextPage } = useProjects();
  const navigate = useNavigate();
  if (!session.is_root) return <span className="project-name">{session.project}</span>;
  const projects = data?.pages.flatMap((page) => page.data) ?? [];
  const isKnown = project === null || projects.some(({ slug }) => slug === project);
  const change = (value: string) =>
    // Where projects are listed and searched.
    value === MORE ? navigate({ to: '/endpoints', search: { project: undefined } }) : choose(value || null);
  return (
    <label className="project-switcher">
      <span className="visually-hidden">Project</span>
      <select className="input" value={project ?? ''} onChange={(event) => change(event.target.value)}>
        <option value="">All projects</option>
        {!isKnown && <option value={project}>{project}</option>}
        {projects.map(({ slug, name }) => (
          <option key={slug} value={slug}>
            {name === slug ? slug : `${name} (${slug})`}
          </option>
        ))}
        {hasNextPage && <option value={MORE}>More: search all projects…</option>}
      </select>
    </label>
  );
}
