/** Asks before a page with unsaved changes is left; going to another view of the same page is not leaving. */
import { useBlocker } from '@tanstack/react-router';
import { Confirm } from './Confirm';

interface Props {
  isOn: boolean;
  what: string;
  /** Choosing another project is leaving too. */
  isPerProject?: boolean;
}

const project = ({ search }: { search: { project?: string } }) => search.project;

export function LeaveGuard({ isOn, what, isPerProject = false }: Props) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) =>
      isOn && (current.pathname !== next.pathname || (isPerProject && project(current) !== project(next))),
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
