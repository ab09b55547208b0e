/** Asks before what was written and not saved is lost: on links, the back button, and when the tab is closed. */
import { useBlocker } from '@tanstack/react-router';
import { Confirm } from '../../parts/Confirm';

export function LeaveGuard({ isDirty, what }: { isDirty: boolean; what: string }) {
  const { status, proceed, reset } = useBlocker({
    // The project is a search parameter; the page stays when it is chosen.
    shouldBlockFn: ({ current, next }) => isDirty && current.pathname !== next.pathname,
    enableBeforeUnload: isDirty,
    withResolver: true,
  });
  return (
    <Confirm
      isOpen={status === 'blocked'}
      title="Leave without saving?"
      action="Leave"
      onConfirm={() => proceed?.()}
      onCancel={() => reset?.()}
    >
      <p>{what}</p>
    </Confirm>
  );
}
