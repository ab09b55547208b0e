/** Stands in the place of what the signed-in key may not see. */
import { Empty } from '../parts/Page';

export function NeedsScope({ scope, what }: { scope: string; what: string }) {
  return (
    <Empty title={`Your key may not ${what}`}>
      <p>
        It lacks the scope <code>{scope}</code>. Sign in with a key that has it, or with the root key.
      </p>
    </Empty>
  );
}

export function NeedsRoot({ what }: { what: string }) {
  return (
    <Empty title={`Your key may not ${what}`}>
      <p>Only the root key may. Sign in with it, or with a link that <code>drawbridge dashboard</code> prints on the gateway's machine.</p>
    </Empty>
  );
}
