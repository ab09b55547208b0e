/** What this node was started with: read only, as a page that can change it could open it to anyone. */
import { useQuery } from '@tanstack/react-query';
import { Badge } from '../../parts/Badge';
import { Loading } from '../../parts/Page';
import { ProblemView } from '../../parts/ProblemView';
import { Prose } from '../../parts/Prose';
import { NeedsRoot } from '../../session/NeedsScope';
import { useSession } from '../../session/session';
import { settingsQuery, type Setting } from './data';

const FILE_ONLY = ['security_headers.override'];

export function Configuration() {
  const { is_root } = useSession();
  return (
    <section className="stack" aria-labelledby="configuration">
      <h2 id="configuration">Configuration of the gateway</h2>
      {is_root ? <Table /> : <NeedsRoot what="see the configuration" />}
    </section>
  );
}

function Table() {
  const settings = useQuery(settingsQuery);
  if (settings.isPending) return <Loading />;
  if (settings.error) return <ProblemView error={settings.error} />;
  const { config_file, settings: all } = settings.data;
  return (
    <>
      <p>
        {config_file === null ? (
          <>
            No configuration file was given. Start the gateway with <code>--config drawbridge.toml</code> to use one.
          </>
        ) : (
          <>
            Read from <code>{config_file}</code>.
          </>
        )}{' '}
        To change a setting, write it into the file, or give the flag or the environment variable, and restart the gateway. A flag wins
        over the environment, which wins over the file.
      </p>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Configuration">
        <table className="settings-table">
          <thead>
            <tr>
              <th scope="col">Setting</th>
              <th scope="col">Value</th>
              <th scope="col">From</th>
              <th scope="col">How to change it</th>
            </tr>
          </thead>
          <tbody>
            {all.map((setting) => (
              <Row key={setting.name} setting={setting} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Row({ setting: { name, value, source, summary } }: { setting: Setting }) {
  const word = name.replaceAll('.', '_');
  const flag = word.replace(/^limits_/, '').replaceAll('_', '-');
  return (
    <tr>
      <th scope="row">
        <code>{name}</code>
        <span className="line hint">
          <Prose>{summary}</Prose>
        </span>
      </th>
      <td>{value === null ? 'not set' : <code>{typeof value === 'string' ? value : JSON.stringify(value)}</code>}</td>
      <td>
        <Badge tone={source === 'default' ? 'calm' : 'good'}>{source}</Badge>
      </td>
      <td className="hint">
        {FILE_ONLY.includes(name) ? (
          'in the file only'
        ) : (
          <>
            <code className="line">--{flag}</code>
            <code className="line">DRAWBRIDGE_{word.toUpperCase()}</code>
          </>
        )}
      </td>
    </tr>
  );
}
