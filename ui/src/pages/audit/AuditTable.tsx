/** The entries; each opens to what was changed, and to what proves it. */
import { Link } from '@tanstack/react-router';
import { useId, useState } from 'react';
import type { AuditEntry } from '../../api/types';
import { Button } from '../../parts/Button';
import { Time } from '../../parts/Time';
import { ACTIONS } from './data';
import { Detail } from './Detail';

const HEADINGS = ['When', 'Who', 'What', 'On what', 'From', 'Change'];

export function AuditTable({ entries }: { entries: AuditEntry[] }) {
  return (
    <table className="audit-table">
      <thead>
        <tr>
          {HEADINGS.map((heading) => (
            <th key={heading} scope="col">
              {heading}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <Entry key={entry.id} entry={entry} />
        ))}
      </tbody>
    </table>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  return (
    <>
      <tr>
        <td>
          <Time at={entry.at} />
        </td>
        <td>
          <Actor id={entry.actor} />
        </td>
        <td>{ACTIONS[entry.action] ?? entry.action}</td>
        <td>
          <Target of={entry} />
        </td>
        <td>{entry.client_ip ?? '–'}</td>
        <td>
          <Button size="small" aria-expanded={isOpen} aria-controls={id} onClick={() => setOpen(!isOpen)}>
            {isOpen ? 'Hide' : 'Show'}
            <span className="visually-hidden"> entry {entry.id}</span>
          </Button>
        </td>
      </tr>
      <tr id={id} hidden={!isOpen} className="audit-detail">
        {isOpen && (
          <td colSpan={HEADINGS.length}>
            <Detail of={entry} />
          </td>
        )}
      </tr>
    </>
  );
}

function KeyLink({ id }: { id: string }) {
  return (
    <Link to="/keys/$id" params={{ id }}>
      <code>{id}</code>
    </Link>
  );
}

function Actor({ id }: { id: string }) {
  return id === 'root' ? <>root key</> : <KeyLink id={id} />;
}

function Target({ of: { target, project } }: { of: AuditEntry }) {
  if (target.startsWith('ak_')) return <KeyLink id={target} />;
  const [, name] = target.split('/');
  if (name !== undefined && project !== null)
    return (
      <Link to="/endpoints/$projectSlug/$name" params={{ projectSlug: project, name }}>
        {project}/{name}
      </Link>
    );
  if (project === null) return <code>{target}</code>;
  return (
    <Link to="/settings" search={{ project }}>
      {project}
    </Link>
  );
}
