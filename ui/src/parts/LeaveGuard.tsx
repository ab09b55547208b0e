/** Asks before a page with unsaved changes is left; going to another view of the same page is not leaving. */
import { useBlocker } from '@tanstack/react-router';
import { Confirm } from './Confirm';

export function LeaveGuard({ isOn, what }: { isOn: boolean; what: string }) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => isOn && current.pathname !== next.pathname,
    enableBeforeUnload: isOn,
    withResolver: true,
  });
  return (
    <Confirm
      isOpen={blocker.status === 'blocked'}
      title="Leave without saving?"
      action="Leave"
      onConfirm={() => blocker.proceed?.()}
      onCancel={() => blocker.reset?.()}
    >
      <p>{what}</p>
    </Confirm>
  );
}
