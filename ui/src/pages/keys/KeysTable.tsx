import { Link } from '@tanstack/react-router';
import type { ApiKey } from '../../api/types';
import { LastUse, Status } from './Status';
import { KINDS, summary } from './words';

export function KeysTable({ keys, hasProject }: { keys: ApiKey[]; hasProject: boolean }) {
  return (
    <table className="keys-table">
      <thead>
        <tr>
          <th scope="col">Name</th>
          {!hasProject && <th scope="col">Project</th>}
          <th scope="col">Kind</th>
          <th scope="col">Status</th>
          <th scope="col">May be used from</th>
          <th scope="col">Last used</th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <tr key={key.id}>
            <th scope="row">
              <Link to="/keys/$id" params={{ id: key.id }}>
                {key.name}
              </Link>
              <code className="hint">{key.id}</code>
            </th>
            {!hasProject && <td>{key.project}</td>}
            <td>
              {KINDS[key.kind].label} <span className="hint">{key.mode}</span>
            </td>
            <td>
              <Status of={key} />
            </td>
            <td>
              <span className="line">{summary(key.allowed_origins, 'origins that the endpoint lists')}</span>
              <span className="line hint">{summary(key.allowed_ips, 'any network')}</span>
            </td>
            <td>
              <LastUse of={key} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
