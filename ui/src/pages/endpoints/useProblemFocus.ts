/** Takes the keyboard to the first field with a problem, when saving was tried and its problems are there. */
import { useEffect, useRef } from 'react';
import type { Issue } from '../../api/types';

export function useProblemFocus(issues: Issue[]) {
  const form = useRef<HTMLFormElement>(null);
  const isWanted = useRef(false);
  const focus = () => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
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
