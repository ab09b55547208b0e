/** The calls that the page of the audit log makes. */
import { answer, api } from '../../api/client';
import { listing, type ListPage } from '../../api/listing';
import type { AuditEntry } from '../../api/types';

export interface AuditFilter {
  project?: string;
  actor?: string;
  action?: string;
  target?: string;
  since?: string;
  until?: string;
}

export const auditQuery = (filter: AuditFilter) =>
  listing<AuditEntry>(['audit', filter], (page) =>
    answer<ListPage<AuditEntry>>(api.GET('/v1/audit-log', { params: { query: { ...page, ...filter } } })),
  );

export const ACTIONS: Record<string, string> = {
  'project.create': 'Project created',
  'project.update': 'Project changed',
  'project.delete': 'Project deleted',
  'endpoint.create': 'Endpoint created',
  'endpoint.update': 'Endpoint changed',
  'endpoint.delete': 'Endpoint deleted',
  'key.create': 'Key created',
  'key.update': 'Key changed',
  'key.rotate': 'Key rotated',
  'key.revoke': 'Key revoked',
  'key.expose': 'Key seen in a page',
  'session.create': 'Signed in',
  'session.delete': 'Signed out',
};
