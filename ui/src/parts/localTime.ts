/** A moment (RFC 3339) as `<input type="datetime-local">` wants it; nothing where it is none. */
export function localTime(at: string | null | undefined): string {
  const time = new Date(at ?? '');
  if (Number.isNaN(time.getTime())) return '';
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
