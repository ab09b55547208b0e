/** Text to take along, with a button that copies it. */
import { useState } from 'react';
import { Button } from './Button';

export function Copy({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState('copied');
    } catch {
      setState('failed');
    }
    setTimeout(() => setState('idle'), 2500);
  };
  const words = { idle: label, copied: 'Copied', failed: 'Select it and press Ctrl+C' };
  return (
    <Button size="small" onClick={copy}>
      <span aria-live="polite">{words[state]}</span>
    </Button>
  );
}

/** A command or snippet, as it is to be run. */
export function Code({ children, label }: { children: string; label?: string }) {
  return (
    <div className="code">
      <pre tabIndex={0} aria-label={label ?? 'Code'}>
        <code>{children}</code>
      </pre>
      <Copy text={children} />
    </div>
  );
}
