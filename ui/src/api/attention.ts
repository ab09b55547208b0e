/** Whether somebody is at the page: what it asks for by itself, while nobody touches it, is no use of the session. */

/** Sent with what nobody asked for. */
export const UNATTENDED = 'Drawbridge-Unattended';

const QUIET_MILLISECONDS = 60_000;

let lastTouched = Date.now();

for (const touch of ['pointerdown', 'pointermove', 'wheel', 'keydown', 'input'] as const) {
  addEventListener(touch, () => (lastTouched = Date.now()), { capture: true, passive: true });
}

/** Whether the page was not touched for a minute; opening it is a touch. */
export function isUnattended(): boolean {
  return Date.now() - lastTouched > QUIET_MILLISECONDS;
}
