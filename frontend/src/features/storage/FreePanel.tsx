import { Button } from '@mantine/core';
import { modals } from '@mantine/modals';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { http, type Freeable, type ProjectStorage } from '@/api';
import { usePurge } from '@/features/bin';
import { TESTIDS, formatBytes } from '@/lib';
import { Panel } from '@/ui';
import { STORAGE_KEY } from './api';
import classes from './StoragePage.module.css';
import { FREEABLE } from './words';

/** Ways to make room, each with what goes with it. */
export function FreePanel({ storage }: { storage: ProjectStorage }) {
  const client = useQueryClient();
  const { purge, isPurging } = usePurge();
  const free = useMutation({
    mutationFn: (what: Freeable['name']) =>
      http.post<{ freed_bytes: number }>(`/api/projects/${storage.project_id}/storage/free`, { what }),
    onSuccess: ({ freed_bytes }) => {
      notifications.show({ message: `${formatBytes(freed_bytes)} are free again` });
      return client.invalidateQueries({ queryKey: STORAGE_KEY });
    },
  });
  const start = (what: Freeable['name']) =>
    what === 'bin' ? purge(`/api/projects/${storage.project_id}/bin`) : free.mutate(what);
  const ask = (each: Freeable) => {
    const words = FREEABLE[each.name];
    if (words.isHarmless) {
      start(each.name);
      return;
    }
    modals.openConfirmModal({
      title: `${words.button} ${words.title.toLowerCase()}?`,
      children: words.loss(each.num),
      labels: { confirm: `${words.button} for good`, cancel: 'Keep' },
      confirmProps: { color: 'red' },
      onConfirm: () => start(each.name),
    });
  };
  if (storage.freeable.length === 0) return null;
  return (
    <Panel title="What can be freed" isFlush>
      <ul className={classes.freeable}>
        {storage.freeable.map((each) => (
          <li key={each.name} data-testid={TESTIDS.storage.freeable}>
            <div>
              <b>{FREEABLE[each.name].title}</b>
              <p>{FREEABLE[each.name].loss(each.num)}</p>
            </div>
            <span className={classes.size}>{formatBytes(each.size_bytes)}</span>
            {storage.can_free && (
              <Button
                size="xs"
                variant="default"
                aria-label={`${FREEABLE[each.name].button}: ${FREEABLE[each.name].title}`}
                loading={each.name === 'bin' ? isPurging : free.isPending && free.variables === each.name}
                onClick={() => ask(each)}
                data-testid={TESTIDS.storage.free}
              >
                {FREEABLE[each.name].button}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {!storage.can_free && <p className={classes.footnote}>An owner of the project can free space.</p>}
    </Panel>
  );
}
