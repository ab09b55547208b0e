/** The links that `drawbridge dashboard` prints: their one-time code is worth a session. */

/** The code in the address, which it leaves, and the history with it. To be called before anything else reads the address. */
export function takeCode(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (code !== null) history.replaceState(null, '', import.meta.env.BASE_URL);
  return code;
}
