/** What was done, said once at the edge of the page, with a way back where there is one. */
import { Toast } from '@base-ui/react/toast';

const manager = Toast.createToastManager();

/** Says that something was done; `undo` is offered for eight seconds. */
export function say(title: string, undo?: () => void): void {
  const id = manager.add({
    title,
    timeout: undo ? 8000 : 4000,
    ...(undo && {
      actionProps: {
        children: 'Undo',
        onClick: () => {
          manager.close(id);
          undo();
        },
      },
    }),
  });
}

export function Toasts() {
  return (
    <Toast.Provider toastManager={manager}>
      <Toast.Portal>
        <Toast.Viewport className="toasts">
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function List() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast">
      <Toast.Content className="toast-content">
        <Toast.Title className="toast-title" />
        <Toast.Action className="button button-small button-plain" />
        <Toast.Close className="button button-small button-quiet" aria-label="Dismiss">
          ✕
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}
