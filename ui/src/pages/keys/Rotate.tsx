/** A new token for a key: how long the old one stays good, then the new one, once. */
import { useMutation } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { isSignedOut, type Tagged } from '../../api/client';
import type { ApiKey } from '../../api/types';
import { Button } from '../../parts/Button';
import { Choice } from '../../parts/Choice';
import { Dialog } from '../../parts/Dialog';
import { NumberField } from '../../parts/NumberField';
import { Time } from '../../parts/Time';
import { rotateKey, useKeep, useReload, withoutToken } from './data';
import { Refused } from './Refused';
import { TokenDialog } from './TokenDialog';

const OVERLAPS = [
  { seconds: 0, label: 'None', about: 'It ends now. Whatever still uses it is refused from the next request on.' },
  { seconds: 3600, label: '1 hour', about: 'For one server that you change at once.' },
  { seconds: 86_400, label: '24 hours', about: 'For pages that are open in browsers.' },
  { seconds: 604_800, label: '7 days', about: 'For clients that others change.' },
];

function ending(at: string | null) {
  if (at === null || new Date(at).getTime() <= Date.now()) return 'The old token is refused from now on.';
  return (
    <>
      The old token stays good, and ends <Time at={at} />.
    </>
  );
}

export function Rotate({ of, onClose }: { of: Tagged<ApiKey>; onClose: () => void }) {
  const name = useId();
  const [seconds, setSeconds] = useState<number | null>(of.data.exposed ? 0 : 86_400);
  const [isOther, setIsOther] = useState(false);
  const [shown, setShown] = useState<{ key: ApiKey; token: string } | null>(null);
  const keep = useKeep();
  const reload = useReload(of.data.id);
  const rotate = useMutation({
    mutationFn: () => rotateKey(of.data.id, of.etag, seconds ?? 0),
    onSuccess: (answered) => {
      const { key, token } = withoutToken(answered);
      keep(key);
      setShown({ key: key.data, token });
      // The answer held the token.
      rotate.reset();
    },
    onError: (error) => !isSignedOut(error) && reload(),
    gcTime: 0,
  });
  if (shown)
    return (
      <TokenDialog title="The key has a new token" shown={shown} onClose={onClose}>
        <p>{ending(shown.key.previous_token_expires_at)}</p>
      </TokenDialog>
    );
  return (
    <Dialog isOpen title={`Rotate ${of.data.name}`} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          rotate.mutate();
        }}
      >
        <p>The key gets a new token, and keeps its id and settings.{of.data.previous_token_expires_at && ' A token before the present one ends now.'}</p>
        <fieldset className="choices">
          <legend>How long the old token stays good</legend>
          {OVERLAPS.map((overlap) => (
            <Choice
              key={overlap.seconds}
              name={name}
              label={overlap.label}
              isChosen={!isOther && seconds === overlap.seconds}
              onChoose={() => {
                setIsOther(false);
                setSeconds(overlap.seconds);
              }}
            >
              {overlap.about}
            </Choice>
          ))}
          <Choice name={name} label="Another time" isChosen={isOther} onChoose={() => setIsOther(true)} />
          {isOther && <NumberField label="Seconds" hint="30 days (2592000) at most." value={seconds} onChange={setSeconds} />}
        </fieldset>
        {of.data.exposed && <p className="hint">Its token was seen in a page: any overlap lets whoever copied it go on for as long.</p>}
        {rotate.error && <Refused error={rotate.error} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant={seconds === 0 ? 'danger' : 'primary'} isBusy={rotate.isPending} disabled={seconds === null}>
            {seconds === 0 ? 'Rotate and end the old token' : 'Rotate'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
