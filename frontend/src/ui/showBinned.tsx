import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { asProblem } from '@/api/problem';

/** Tells that something is in the bin, with the way back. */
export function showBinned({ id, name }: { id: string; name: string }, restore: () => Promise<void>): void {
  const toast = `binned-${id}`;
  const undo = () => {
    notifications.hide(toast);
    restore().catch((error: unknown) => {
      const problem = asProblem(error);
      notifications.show({ color: 'red', title: problem.message, message: problem.nextStep });
    });
  };
  notifications.show({
    id: toast,
    autoClose: 12_000,
    title: `${name} is in the bin`,
    message: (
      <Button size="xs" variant="default" mt={8} onClick={undo}>
        Undo
      </Button>
    ),
  });
}
