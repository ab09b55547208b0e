/** The way in: a management key, or the one-time link that `drawbridge dashboard` prints. */
import { useEffect, useRef, useState } from 'react';
import { Button } from '../parts/Button';
import { Field, TextInput } from '../parts/Field';
import { ProblemView } from '../parts/ProblemView';
import { useSignIn } from './session';

interface Props {
  hasEnded: boolean;
  /** Of a link, to sign in with at once. */
  code: string | null;
  onCodeUsed: () => void;
}

export function SignIn({ hasEnded, code, onCodeUsed }: Props) {
  const signIn = useSignIn();
  const [token, setToken] = useState('');
  const hasTried = useRef(false);
  const { mutate } = signIn;

  useEffect(() => {
    if (code === null || hasTried.current) return;
    hasTried.current = true;
    onCodeUsed();
    mutate({ code });
  }, [code, onCodeUsed, mutate]);

  return (
    <main className="sign-in">
      <form
        className="card sign-in-card"
        onSubmit={(event) => {
          event.preventDefault();
          mutate({ token: token.trim() });
          setToken('');
        }}
      >
        <img src={icon} alt="" width="40" height="40" />
        <h1>Sign in to Drawbridge</h1>
        {hasEnded && <p role="status">Your session has ended. Sign in with the same key, and you go on where you were.</p>}
        <Field
          label="Management key"
          hint="The root key, or a secret key with management scopes. It is sent once and not kept in this page."
        >
          <TextInput
            type="password"
            name="token"
            autoComplete="off"
            spellCheck={false}
            required
            autoFocus
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        </Field>
        {signIn.error && <ProblemView error={signIn.error} />}
        <Button type="submit" variant="primary" isBusy={signIn.isPending}>
          Sign in
        </Button>
        <p className="hint">
          On the gateway's machine, <code>drawbridge dashboard</code> prints a link that signs you in once.
        </p>
      </form>
    </main>
  );
}

import icon from '../icon.svg';
