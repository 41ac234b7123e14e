import { useQuery } from '@tanstack/react-query';
import { BinLink } from '@/features/bin';
import { useProject } from '@/lib';
import { PageHeader, ProblemNotice } from '@/ui';
import { personStorageQuery, projectStorageQuery } from './api';
import { FreePanel } from './FreePanel';
import { Disk, Limits, Uploads, YourProjects } from './PersonPanels';
import { ProjectPanel } from './ProjectPanel';
import classes from './StoragePage.module.css';
import { ThingsPanel } from './ThingsPanel';

/** What takes the space, how much is left, and what can be freed. */
export function StoragePage() {
  const project = useProject();
  const { data, error, refetch } = useQuery({ ...projectStorageQuery(project?.id ?? ''), enabled: project !== null });
  const { data: own } = useQuery(personStorageQuery);
  return (
    <>
      <PageHeader title="Storage" meta={project?.name} actions={<BinLink />} />
      {error && !data && <ProblemNotice error={error} onRetry={() => void refetch()} isPlaced />}
      {own && (data || project === null) && (
        <div className={classes.columns}>
          {data && (
            <div className={classes.column}>
              <ProjectPanel storage={data} />
              <FreePanel storage={data} />
              <ThingsPanel storage={data} />
            </div>
          )}
          <div className={classes.column}>
            <YourProjects storage={own} />
            <Limits limits={[...(data?.limits ?? []), ...own.limits]} />
            <Uploads uploads={own.uploads} />
            {own.disk && <Disk disk={own.disk} />}
          </div>
        </div>
      )}
    </>
  );
}
