/** Keeps the keyboard on the page when what had the focus is gone, such as the button that saved. */
import { useEffect } from 'react';

/** Dialogs give the focus back when they have faded. */
const PAUSE = 200;

export function useFocusKept(changes: readonly unknown[]): void {
  useEffect(() => {
    const timer = setTimeout(() => {
      if (document.activeElement === document.body) document.getElementById('content')?.focus({ preventScroll: true });
    }, PAUSE);
    return () => clearTimeout(timer);
    // The list is the caller's, of a fixed length.
  }, changes);
}
