import { useEffect, useState } from 'react';

/** The value as it was when it last stayed the same for a while. */
export function useQuiet<T>(value: T, milliseconds = 400): T {
  const [quiet, setQuiet] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setQuiet(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return quiet;
}
