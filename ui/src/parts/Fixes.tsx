/** What would let a call through: applied by one click after its risk was read, or taken along as a command. */
import { useState } from 'react';
import { useApplyFixes } from '../api/fixes';
import type { Fix } from '../api/types';
import { useMay } from '../session/session';
import { Button } from './Button';
import { Confirm } from './Confirm';
import { Code } from './Copy';
import { ProblemView } from './ProblemView';
import { Prose } from './Prose';

interface Props {
  fixes: Fix[];
  onApplied: () => void;
  /** Offered, not recommended: who asks for it is not known. */
  isQuiet?: boolean;
}

export function Fixes({ fixes, onApplied, isQuiet = false }: Props) {
  const [isAsking, ask] = useState(false);
  const apply = useApplyFixes(onApplied);
  const mayEndpoints = useMay('endpoints:write');
  const mayKeys = useMay('keys:write');
  const may = fixes.every((fix) => (fix.target === 'key' ? mayKeys : mayEndpoints));
  if (fixes.length === 0) return null;
  return (
    <div className="stack" role="group" aria-label="What cures it">
      {fixes.map((fix) => (
        <FixView key={fix.command} fix={fix} isQuiet={isQuiet} />
      ))}
      {apply.error && <ProblemView error={apply.error} title={conflictTitle(apply.error)} />}
      {may ? (
        <div>
          <Button variant={isQuiet ? 'plain' : 'primary'} isBusy={apply.isPending} onClick={() => ask(true)}>
            {fixes.length === 1 ? 'Apply this change' : `Apply these ${fixes.length} changes`}
          </Button>
        </div>
      ) : (
        <p className="hint">Your key may not change this. Give the command to somebody whose key may.</p>
      )}
      <Confirm
        isOpen={isAsking}
        title={fixes.length === 1 ? 'Apply this change?' : 'Apply these changes?'}
        action="Apply"
        tone="primary"
        isBusy={apply.isPending}
        onCancel={() => ask(false)}
        onConfirm={() => apply.mutate(fixes, { onSettled: () => ask(false) })}
      >
        {fixes.map((fix) => (
          <div key={fix.command}>
            <strong>
              <Prose>{fix.summary}</Prose>
            </strong>
            <p>
              <Prose>{fix.risk}</Prose>
            </p>
          </div>
        ))}
        <p className="hint">The next request obeys it. It can be undone.</p>
      </Confirm>
    </div>
  );
}

function FixView({ fix, isQuiet }: { fix: Fix; isQuiet: boolean }) {
  return (
    <div className={isQuiet ? 'notice' : 'notice notice-good'}>
      <strong>
        <Prose>{fix.summary}</Prose>
      </strong>
      {fix.risk && (
        <p>
          <Prose>{fix.risk}</Prose>
        </p>
      )}
      <details>
        <summary>As a command, and as a patch</summary>
        <div className="stack">
          <Code label="Command">{fix.command}</Code>
          <Code label="Merge patch">{JSON.stringify(fix.patch, null, 2)}</Code>
        </div>
      </details>
    </div>
  );
}

function conflictTitle(error: unknown): string | undefined {
  const isConflict = error instanceof Error && 'isConflict' in error && error.isConflict === true;
  return isConflict ? 'Somebody else changed it in between; ask again' : undefined;
}
