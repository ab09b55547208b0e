/** A sign-in link that was opened where somebody is signed in: who that is changes only when it is wanted. */
import type { Session } from '../api/types';
import { Confirm } from '../parts/Confirm';
import { ProblemView } from '../parts/ProblemView';
import { nameOf, useSignIn } from './session';

interface Props {
  code: string;
  session: Session;
  onDone: () => void;
}

export function LinkQuestion({ code, session, onDone }: Props) {
  const signIn = useSignIn();
  return (
    <Confirm
      isOpen
      title="Sign in with the link?"
      action="Use the link"
      tone="primary"
      isBusy={signIn.isPending}
      onConfirm={() => signIn.mutate({ code }, { onSuccess: onDone })}
      onCancel={onDone}
    >
      <p>
        This browser is signed in with <strong>{nameOf(session)}</strong>. With the link it goes over, in all its tabs, to the key that the
        link was made for. Use a link only if you made it, or know who did.
      </p>
      {signIn.error && <ProblemView error={signIn.error} />}
    </Confirm>
  );
}
