/** Takes the keyboard to the first field with a problem, when saving was tried and its problems are there. */
import { useEffect, useRef } from 'react';
import type { Issue } from '../api/types';

export function useProblemFocus(issues: Issue[]) {
  const form = useRef<HTMLFormElement>(null);
  const isWanted = useRef(false);
  const focus = () => controlOf(form.current?.querySelector('[aria-invalid="true"], .issues-error'))?.focus();
  useEffect(() => {
    if (!isWanted.current || issues.length === 0) return;
    isWanted.current = false;
    focus();
  }, [issues]);
  return {
    form,
    want: (wanted: boolean) => {
      isWanted.current = wanted && issues.length === 0;
      if (wanted && issues.length > 0) focus();
    },
  };
}

/** What is at fault; of a group of choices the chosen one. */
function controlOf(problem?: Element | null): HTMLElement | null | undefined {
  return problem?.matches('input, textarea, select')
    ? (problem as HTMLElement)
    : problem?.closest('fieldset')?.querySelector<HTMLElement>('input:checked, input, button');
}
