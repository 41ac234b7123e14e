import { Button, Loader, SegmentedControl, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconArrowsDiff, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import type { ZooPage as ZooPageData } from '@/api';
import { formatCount, plural, roleAllows, useProject } from '@/lib';
import { PageHeader, ProblemNotice } from '@/ui';
import { DESIGNER_IDS } from '../testids';
import { zooQuery } from './queries';
import { useZooOpening } from './useZooOpening';
import classes from './Zoo.module.css';
import { ZooChart } from './ZooChart';
import { ZooComparison } from './ZooComparison';
import { ZooDetails } from './ZooDetails';
import { ZooTable, type ZooSorting } from './ZooTable';

const route = getRouteApi('/frame/networks/zoo');
const USUAL_TASK = 'classification';

/** Networks that others have made and trained: browse, compare, open one as a network. */
export function ZooPage() {
  const { task: wantedTask = USUAL_TASK, entry = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed.trim(), 150);
  const [sorting, setSorting] = useState<ZooSorting>({ sort: 'accuracy', isDescending: true });
  const [compared, setCompared] = useState<readonly string[]>([]);
  const [isComparing, setComparing] = useState(false);
  const question = { task: wantedTask, search, ...sorting };
  const { data, error, refetch } = useQuery(zooQuery(question));
  const rows = data?.items ?? [];
  const project = useProject();
  const canEdit = project !== null && roleAllows(project.role, 'editor');
  const opening = useZooOpening(project?.id ?? '');
  const choose = (key: string): void =>
    void navigate({ search: { task: wantedTask, entry: key }, replace: true });
  const compare = (key: string): void =>
    setCompared((keys) =>
      keys.includes(key) ? keys.filter((each) => each !== key) : [...keys, key].slice(-2),
    );
  return (
    <>
      <PageHeader
        above={<Link to="/networks">Networks</Link>}
        title="Zoo"
        meta={data?.is_complete === true ? plural(sum(data.tasks.map(({ count }) => count)), 'network') : undefined}
        actions={
          <Button
            variant="default"
            leftSection={<IconArrowsDiff size={16} />}
            disabled={compared.length !== 2}
            title={compared.length === 2 ? undefined : 'Tick two networks in the table'}
            data-testid={DESIGNER_IDS.zooCompare}
            onClick={() => setComparing(true)}
          >
            Compare two
          </Button>
        }
      />
      {error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} isPlaced />}
      <div className={classes.page}>
        <div className={classes.main}>
          <div className={classes.filters}>
            <Tasks data={data} task={wantedTask} onTask={(task) => void navigate({ search: { task } })} />
            <TextInput
              value={typed}
              className={classes.search}
              placeholder="Search by name or licence"
              aria-label="Search the zoo"
              leftSection={<IconSearch size={14} />}
              data-testid={DESIGNER_IDS.zooSearch}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
          </div>
          <Standing data={data} shown={rows.length} />
          <ZooChart rows={rows} isLooking={data?.is_complete !== true} chosen={entry} onChoose={choose} />
          <ZooTable
            rows={rows}
            sorting={sorting}
            onSort={setSorting}
            chosen={entry}
            onChoose={choose}
            compared={compared}
            onCompare={compare}
            onUse={
              canEdit && !opening.isWorking
                ? (key) => void navigate({ to: '/networks', search: { start: 'transfer', zoo: key } })
                : null
            }
          />
        </div>
        <ZooDetails
          entryKey={entry}
          folder={data?.folder ?? ''}
          opening={opening}
          canEdit={canEdit}
        />
      </div>
      {isComparing && compared.length === 2 && (
        <ZooComparison keys={compared} onClose={() => setComparing(false)} />
      )}
    </>
  );
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

interface TasksProps {
  data: ZooPageData | undefined;
  task: string;
  onTask: (task: string) => void;
}

function Tasks({ data, task, onTask }: TasksProps) {
  const counts = new Map((data?.tasks ?? []).map((each) => [each.task, each.count]));
  if (!counts.has(task)) counts.set(task, 0);
  const label = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
  return (
    <SegmentedControl
      aria-label="Task"
      value={task}
      data={[...counts].sort().map(([value, count]) => ({
        value,
        label: `${label(value)} ${formatCount(count)}`,
      }))}
      onChange={onTask}
    />
  );
}

/** What is still being looked up, could not be, or does not fit on the page. */
function Standing({ data, shown }: { data: ZooPageData | undefined; shown: number }) {
  if (data === undefined) return null;
  return (
    <>
      {!data.is_complete && (
        <p className={classes.standing} role="status">
          <Loader size={14} /> Looking into the installed packages. That is done once for each version.
        </p>
      )}
      {data.notes.map((note) => (
        <p key={note} className={classes.standing}>
          {note}
        </p>
      ))}
      {data.is_complete && data.total === 0 && (
        <p className={classes.standing}>Nothing matches. Try another word or task.</p>
      )}
      {data.total > shown && shown > 0 && (
        <p className={classes.standing}>
          The first {formatCount(shown)} of {formatCount(data.total)}: search for the others.
        </p>
      )}
    </>
  );
}
