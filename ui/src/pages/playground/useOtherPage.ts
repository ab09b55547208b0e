/** A window on another origin, and what it tells. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { readMessage, type Told } from './messages';

export function useOtherPage(origin: string) {
  const page = useRef<Window | null>(null);
  const [told, setTold] = useState<Told[]>([]);
  const [calls, setCalls] = useState(0);

  useEffect(() => {
    const listen = (event: MessageEvent) => {
      // Only the page that was opened from here, and only while it still is on that origin.
      if (event.source !== page.current || event.origin !== origin) return;
      const message = readMessage(event.data);
      if (!message) return;
      if (message.event.type === 'start') setCalls((before) => before + 1);
      setTold((before) => (message.event.type === 'start' ? [message] : [...before, message]));
    };
    addEventListener('message', listen);
    return () => removeEventListener('message', listen);
  }, [origin]);

  const open = useCallback(
    (path: string) => {
      setTold([]);
      // By name, so that a second call uses the same window; it needs its opener, so that it can tell.
      page.current = window.open(origin + path, 'drawbridge-playground');
      return page.current !== null;
    },
    [origin],
  );
  return { told, calls, open };
}
