/** One key: what it is, what it may do, and the ways to change, rotate and revoke it. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import type { Tagged } from '../../api/client';
import type { ApiKey } from '../../api/types';
import { Button } from '../../parts/Button';
import { Loading, Page } from '../../parts/Page';
import { ProblemView } from '../../parts/ProblemView';
import { useMay } from '../../session/session';
import { keyQuery } from './data';
import { KeyEditor } from './KeyEditor';
import { Exposure, KeyFacts } from './KeyFacts';
import { Revoke } from './Revoke';
import { Rotate } from './Rotate';

const route = getRouteApi('/keys/$id');

export default function KeyPage() {
  const { id } = route.useParams();
  const key = useQuery(keyQuery(id));
  if (key.data) return <Key key={id} stored={key.data} />;
  return <Page title="Key">{key.error ? <ProblemView error={key.error} /> : <Loading />}</Page>;
}

function Key({ stored }: { stored: Tagged<ApiKey> }) {
  const mayWrite = useMay('keys:write');
  const [open, setOpen] = useState<'rotate' | 'revoke' | null>(null);
  const key = stored.data;
  const close = () => setOpen(null);
  const isOver = key.status === 'revoked';
  const actions = mayWrite && !isOver && (
    <>
      <Button disabled={key.status !== 'active'} onClick={() => setOpen('rotate')}>
        Rotate
      </Button>
      <Button variant="danger" onClick={() => setOpen('revoke')}>
        Revoke
      </Button>
    </>
  );
  return (
    <Page title={key.name} actions={actions}>
      <Exposure of={key} onRotate={mayWrite ? () => setOpen('rotate') : undefined} />
      {isOver && <p className="notice">It is revoked: it opens nothing, and cannot be changed any more.</p>}
      {key.status === 'expired' && <p className="notice notice-warn">It has expired. Move “Expires” to use, or rotate, it again.</p>}
      {!mayWrite && !isOver && (
        <p className="notice">
          You may look, and change nothing: that takes the scope <code>keys:write</code>.
        </p>
      )}
      <KeyFacts of={key} />
      <KeyEditor stored={stored} isReadOnly={isOver || !mayWrite} />
      {open === 'rotate' && <Rotate of={stored} onClose={close} />}
      {open === 'revoke' && <Revoke of={stored} onClose={close} />}
    </Page>
  );
}
