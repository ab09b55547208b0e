/** All projects, to choose one of. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from '../../parts/Button';
import { List, Search } from '../../parts/List';
import { Empty } from '../../parts/Page';
import { Time } from '../../parts/Time';
import { projectList } from './endpointsApi';

export function ProjectTable({ onCreate }: { onCreate?: () => void }) {
  const [search, setSearch] = useState('');
  const list = useInfiniteQuery(projectList(search));
  const empty =
    search === '' ? (
      <Empty title="There is no project yet">
        <p>A project holds endpoints and the keys that may use them. Make one, then add the first endpoint to it.</p>
        {onCreate && (
          <Button variant="primary" onClick={onCreate}>
            New project
          </Button>
        )}
      </Empty>
    ) : (
      <Empty title={`No project matches “${search}”`}>
        <p>The search looks at slugs, names and ids. Try fewer letters.</p>
      </Empty>
    );
  return (
    <div className="stack">
      <Search label="Search projects" value={search} onChange={setSearch} />
      <List list={list} empty={empty}>
        {(projects) => (
          <table>
            <thead>
              <tr>
                <th scope="col">Project</th>
                <th scope="col">Slug</th>
                <th scope="col">Created</th>
              </tr>
            </thead>
            <tbody>
              {projects.map(({ id, slug, name, created_at }) => (
                <tr key={id}>
                  <th scope="row">
                    <Link to="/endpoints" search={{ project: slug }}>
                      {name}
                    </Link>
                  </th>
                  <td>
                    <code>{slug}</code>
                  </td>
                  <td>
                    <Time at={created_at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </List>
    </div>
  );
}
