/** Shows a token, this once: it is kept nowhere, and gone when the dialog closes. */
import { useBlocker } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ApiKey } from '../../api/types';
import { Button } from '../../parts/Button';
import { Code } from '../../parts/Copy';
import { Dialog } from '../../parts/Dialog';
import { useSession } from '../../session/session';
import { curl, openai } from './snippets';

interface Props {
  title: string;
  shown: { key: ApiKey; token: string };
  /** What else is to be known about it. */
  children?: ReactNode;
  onClose: () => void;
}

export function TokenDialog({ title, shown: { key, token }, children, onClose }: Props) {
  const { gateway_origin: gateway } = useSession();
  useBlocker({ shouldBlockFn: () => true, enableBeforeUnload: true });
  return (
    <Dialog isOpen isSticky title={title} onClose={onClose}>
      <div className="stack token-dialog">
        <p>
          <strong>This is the only time that the token is shown.</strong> Only a hash of it is kept; nobody can look it up later.
          {key.kind === 'secret' && ' Put it where your server keeps its secrets, never into a page.'}
        </p>
        <Code label="Token">{token}</Code>
        {children}
        <details>
          <summary>How to use it with curl</summary>
          <Code label="curl">{curl(key, token, gateway)}</Code>
        </details>
        {key.scopes.includes('inference') && (
          <details>
            <summary>How to use it with the OpenAI SDK</summary>
            <Code label="JavaScript">{openai(key, token, gateway)}</Code>
          </details>
        )}
        <p className="hint">
          MODEL is a model that the endpoint serves. Where its users call the gateway by another address than {gateway}, put that, or set <code>public_url</code>.
        </p>
      </div>
      <div className="dialog-actions">
        <Button variant="primary" onClick={onClose}>
          I have stored it
        </Button>
      </div>
    </Dialog>
  );
}
