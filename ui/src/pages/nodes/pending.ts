/** `GET /v1/nodes`, until the generated client has it. */
import { queryOptions } from '@tanstack/react-query';
import { answer } from '../../api/client';
import type { ListPage } from '../../api/listing';
import { pending } from '../../api/pending';

export interface Node {
  object: 'node';
  id: string;
  name: string;
  version: string;
  started_at: string;
  last_seen_at: string;
  revision: number;
  status: 'ready' | 'draining';
  is_self: boolean;
  address: string;
  admin_address: string | null;
  cores: number;
  open_connections: number;
  open_streams: number;
}

export const nodesQuery = queryOptions({
  queryKey: ['nodes'],
  queryFn: () => answer<ListPage<Node>>(pending.GET('/v1/nodes')),
  refetchInterval: 10_000,
});
