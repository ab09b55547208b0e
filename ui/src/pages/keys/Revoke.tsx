/** The end of a key, for good. */
import { useMutation } from '@tanstack/react-query';
import type { Tagged } from '../../api/client';
import type { ApiKey } from '../../api/types';
import { Confirm } from '../../parts/Confirm';
import { say } from '../../parts/toasts';
import { revokeKey, useKeep, useReload } from './data';
import { Refused } from './Refused';
import { LastUse } from './Status';

export function Revoke({ of, onClose }: { of: Tagged<ApiKey>; onClose: () => void }) {
  const keep = useKeep();
  const reload = useReload(of.data.id);
  const revoke = useMutation({
    mutationFn: () => revokeKey(of.data.id, of.etag),
    onSuccess: (revoked) => {
      keep(revoked);
      say(`${revoked.data.name} is revoked`);
      onClose();
    },
    onError: reload,
  });
  return (
    <Confirm isOpen title={`Revoke ${of.data.name}?`} action="Revoke for good" isBusy={revoke.isPending} onCancel={onClose} onConfirm={() => revoke.mutate()}>
      <p>
        Whatever uses it is refused from the next request on, with 401 <code>revoked_key</code>. This cannot be undone: a revoked key
        never opens anything again.
      </p>
      <p>
        Last used: <LastUse of={of.data} />.
      </p>
      {of.data.last_used_at !== null && <p>To change the token without an outage, rotate the key instead.</p>}
      {revoke.error && <Refused error={revoke.error} />}
    </Confirm>
  );
}
