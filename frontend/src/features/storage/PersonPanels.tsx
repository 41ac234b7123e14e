import { ActionIcon, Tooltip, UnstyledButton } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { http, type OpenUpload, type PersonStorage, type StorageLimit } from '@/api';
import { TESTIDS, chooseProject, formatAgo, formatBytes, formatPercent } from '@/lib';
import { Panel } from '@/ui';
import { STORAGE_KEY } from './api';
import { QuotaBar } from './QuotaBar';
import classes from './StoragePage.module.css';
import { limitText, limitTitle } from './words';

/** All projects that count for the person, with the quota they share. */
export function YourProjects({ storage }: { storage: PersonStorage }) {
  const { used_bytes: used, quota_bytes: quota, projects } = storage;
  return (
    <Panel title="All your projects">
      <div className={classes.totalSmall}>
        <b>{formatBytes(used)}</b> of {formatBytes(quota)}
      </div>
      <QuotaBar used={used} quota={quota} isThin />
      <ul className={classes.projects}>
        {projects.map((project) => (
          <li key={project.id}>
            {project.is_in_bin ? (
              <span>
                {project.name} <small>in the bin</small>
              </span>
            ) : (
              <UnstyledButton className={classes.project} onClick={() => chooseProject(project.id)}>
                {project.name}
              </UnstyledButton>
            )}
            <span className={classes.size}>{formatBytes(project.used_bytes)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** What else is limited, and how much of it is used. */
export function Limits({ limits }: { limits: readonly StorageLimit[] }) {
  return (
    <Panel title="Limits">
      <dl className={classes.limits}>
        {limits.map((limit) => (
          <div key={limit.name} data-testid={TESTIDS.storage.limit}>
            <dt>{limitTitle(limit)}</dt>
            <dd>{limitText(limit)}</dd>
          </div>
        ))}
      </dl>
      <p className={classes.note}>The operator of the studio can raise a limit for a person or a project.</p>
    </Panel>
  );
}

/** Uploads that are unfinished or not used yet, each with its end. */
export function Uploads({ uploads }: { uploads: readonly OpenUpload[] }) {
  const client = useQueryClient();
  const discard = useMutation({
    mutationFn: (id: string) => http.delete(`/api/uploads/${id}`),
    onSuccess: () => client.invalidateQueries({ queryKey: STORAGE_KEY }),
  });
  if (uploads.length === 0) return null;
  return (
    <Panel title="Your uploads">
      <ul className={classes.projects}>
        {uploads.map((upload) => (
          <li key={upload.id}>
            <span className={classes.upload}>
              <span>{upload.file_name}</span>
              <small>
                {uploadState(upload)}, {formatAgo(upload.changed_at)}
              </small>
            </span>
            <span className={classes.size}>{formatBytes(upload.size_bytes)}</span>
            <Tooltip label="Delete this upload">
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                aria-label={`Delete the upload ${upload.file_name}`}
                onClick={() => discard.mutate(upload.id)}
              >
                <IconX size={14} />
              </ActionIcon>
            </Tooltip>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function uploadState({ offset, size_bytes }: OpenUpload): string {
  return offset < size_bytes ? `${formatPercent(offset / size_bytes, 0)} arrived` : 'not used yet';
}

/** The disk under everything, for who runs the studio. */
export function Disk({ disk }: { disk: NonNullable<PersonStorage['disk']> }) {
  const used = disk.total_bytes - disk.free_bytes;
  return (
    <Panel title="Disk of the studio" testId={TESTIDS.storage.disk}>
      <div className={classes.totalSmall}>
        <b>{formatBytes(disk.free_bytes)}</b> free of {formatBytes(disk.total_bytes)}
      </div>
      <QuotaBar used={used} quota={disk.total_bytes} isThin />
      <p className={classes.note}>{formatBytes(disk.reserve_bytes)} are kept free; writes that would use them are refused.</p>
    </Panel>
  );
}
