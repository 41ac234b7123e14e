import { ActionIcon, Badge, Button, Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import {
  IconAlertTriangle,
  IconCircleX,
  IconCopy,
  IconDatabase,
  IconDots,
  IconTransform,
  IconTrash,
} from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { asProblem } from '@/api';
import { datasetsQuery } from '@/features/datasets';
import { useConfirmInUse } from '@/features/training';
import { formatAgo, formatDateTime, plural } from '@/lib';
import { scaled } from '../analysis/costs';
import { deleteNetwork, duplicateNetwork, restoreNetwork } from '../state/api';
import type { NetworkSummary } from '../state/contract';
import { DESIGNER_IDS } from '../testids';
import { Miniature } from './Miniature';
import classes from './Networks.module.css';

interface NetworkCardProps {
  network: NetworkSummary;
  canEdit: boolean;
  /** Transfer learning begins with this network. */
  onTransfer: () => void;
}

export function NetworkCard({ network, canEdit, onTransfer }: NetworkCardProps) {
  const { data: datasets } = useQuery(datasetsQuery(network.project_id));
  const dataset = datasets?.find(({ id }) => id === network.dataset_id);
  const { errors, warnings } = network.problems;
  return (
    <article className={classes.card}>
      <Link
        to="/networks/$networkId"
        params={{ networkId: network.id }}
        className={classes.link}
        data-testid={DESIGNER_IDS.networkCard}
      >
        <Miniature networkId={network.id} revision={network.revision} />
        <div className={classes.body}>
          <h2 className={classes.name}>{network.name}</h2>
          <div className={classes.facts}>
            <span>{plural(network.num_layers, 'layer')}</span>
            {network.parameters !== null && <span>{scaled(network.parameters)} parameters</span>}
            {errors > 0 && (
              <Badge color="red" leftSection={<IconCircleX size={12} />}>
                {plural(errors, 'error')}
              </Badge>
            )}
            {errors === 0 && warnings > 0 && (
              <Badge color="yellow" leftSection={<IconAlertTriangle size={12} />}>
                {plural(warnings, 'warning')}
              </Badge>
            )}
          </div>
          <div className={classes.facts}>
            <span className={classes.data}>
              <IconDatabase size={13} stroke={1.7} aria-hidden />
              {dataset?.name ?? (network.dataset_id === null ? 'no data' : 'data in the bin')}
            </span>
            <span className={classes.time} title={formatDateTime(network.updated_at)}>
              {formatAgo(network.updated_at)}
            </span>
          </div>
        </div>
      </Link>
      {canEdit && <CardMenu network={network} onTransfer={onTransfer} />}
    </article>
  );
}

interface CardMenuProps {
  network: NetworkSummary;
  onTransfer: () => void;
}

function CardMenu({ network, onTransfer }: CardMenuProps) {
  const client = useQueryClient();
  const confirmInUse = useConfirmInUse();
  const refresh = () => client.invalidateQueries({ queryKey: ['networks', network.project_id] });
  const fail = (error: unknown): void => {
    notifications.show({ color: 'red', message: asProblem(error).message });
  };
  const duplicate = useMutation({
    mutationFn: () => duplicateNetwork(network.id),
    onSuccess: refresh,
    onError: fail,
  });
  const restore = async (): Promise<void> => {
    await restoreNetwork(network.id);
    await refresh();
  };
  const remove = useMutation({
    mutationFn: () => deleteNetwork(network.id),
    onSuccess: async () => {
      await refresh();
      const id = `deleted-${network.id}`;
      notifications.show({
        id,
        title: `${network.name} is in the bin`,
        message: (
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => {
              notifications.hide(id);
              restore().catch(fail);
            }}
          >
            Undo
          </Button>
        ),
      });
    },
    onError: fail,
  });
  return (
    <div className={classes.menu}>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" aria-label={`More about ${network.name}`}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconCopy size={15} />} onClick={() => duplicate.mutate()}>
            Duplicate
          </Menu.Item>
          <Menu.Item leftSection={<IconTransform size={15} />} onClick={onTransfer}>
            Transfer learning…
          </Menu.Item>
          <Menu.Item
            color="red"
            leftSection={<IconTrash size={15} />}
            onClick={() => confirmInUse({ kind: 'network', ...network }, () => remove.mutate())}
          >
            Move to the bin
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
