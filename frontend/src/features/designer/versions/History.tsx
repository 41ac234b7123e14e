import { Badge, Button } from '@mantine/core';
import {
  IconChevronDown,
  IconChevronRight,
  IconFlag,
  IconFlag2,
  IconHistory,
  IconPencil,
} from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { asProblem } from '@/api';
import { formatAgo, formatDateTime, plural } from '@/lib';
import { listVersions } from '../state/api';
import type { VersionSummary } from '../state/contract';
import { useDesigner, useSaver } from '../state/DesignerContext';
import { listRevisions, type RevisionSummary } from '../state/historyApi';
import { DESIGNER_IDS } from '../testids';
import { historyOf, type SaveGroup } from './entries';
import { StateActions } from './StateActions';
import classes from './VersionsList.module.css';

const BEGINNING = { revision: 0 };
const dayFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full' });

/** Everything that happened to the network, newest first, by day and by person. */
export function History() {
  const { networkId } = useDesigner();
  const revision = useSaver((state) => state.revision);
  const versions = useQuery({
    queryKey: ['network-versions', networkId],
    queryFn: () => listVersions(networkId),
  });
  const pages = useInfiniteQuery({
    queryKey: ['network-revisions', networkId, revision],
    queryFn: ({ pageParam }) => listRevisions(networkId, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: (previous) => previous,
  });
  const saves = useMemo(() => (pages.data?.pages ?? []).flatMap(({ items }) => items), [pages.data]);
  const days = useMemo(() => historyOf(versions.data ?? [], saves), [versions.data, saves]);
  const reachableFrom = pages.data?.pages[0]?.reachable_from ?? null;
  const error = versions.error ?? pages.error;
  return (
    <>
      {error !== null && <p className={classes.none}>{asProblem(error).message}</p>}
      {pages.isSuccess && days.length === 0 && (
        <p className={classes.none}>
          No versions yet. Every edit is saved by itself; name a state here to come back to it. Each
          training run keeps its own as well.
        </p>
      )}
      {days.map(({ date, entries }) => (
        <section key={date}>
          <h4 className={classes.day}>{dayFormat.format(new Date(`${date}T12:00:00`))}</h4>
          <ul className={classes.list}>
            {entries.map((entry) =>
              entry.kind === 'version' ? (
                <VersionRow key={entry.version.id} version={entry.version} />
              ) : (
                <Saves
                  key={entry.saves[0]?.revision}
                  group={entry}
                  reachableFrom={reachableFrom}
                />
              ),
            )}
          </ul>
        </section>
      ))}
      {pages.isSuccess && !pages.hasNextPage && days.length > 0 && reachableFrom === 0 && (
        <Beginning />
      )}
      {pages.hasNextPage && (
        <Button
          size="compact-xs"
          variant="default"
          loading={pages.isFetchingNextPage}
          onClick={() => void pages.fetchNextPage()}
        >
          Earlier saves
        </Button>
      )}
    </>
  );
}

/** Before the first save: what a network with a single save can be compared with. */
function Beginning() {
  const revision = useSaver((state) => state.revision);
  return (
    <ul className={classes.list}>
      <li className={classes.row} data-testid={DESIGNER_IDS.beginningRow}>
        <IconFlag2 size={14} stroke={1.7} className={classes.icon} aria-hidden />
        <span className={classes.gesture}>As it began</span>
        <span className={classes.dim}>before the first save</span>
        <span className={classes.space} />
        <StateActions state={BEGINNING} name="its beginning" isNow={revision === 0} />
      </li>
    </ul>
  );
}

function VersionRow({ version }: { version: VersionSummary }) {
  const revision = useSaver((state) => state.revision);
  const name = version.name || `revision ${version.revision}`;
  const Icon = version.pinned_by_runs > 0 ? IconFlag : IconHistory;
  return (
    <li className={classes.row} data-testid={DESIGNER_IDS.versionRow}>
      <Icon size={16} stroke={1.7} className={classes.icon} aria-hidden />
      <span className={classes.name}>{version.name || 'Made for a run'}</span>
      <span className={classes.dim} title={formatDateTime(version.created_at)}>
        {formatAgo(version.created_at)}
        {version.author !== null && ` by ${version.author}`}, revision {version.revision}
      </span>
      {version.pinned_by_runs > 0 && (
        <Badge color="gray">{plural(version.pinned_by_runs, 'run')}</Badge>
      )}
      {version.revision === revision && <Badge>now</Badge>}
      <span className={classes.space} />
      <StateActions
        state={{ version_id: version.id }}
        name={name}
        isNow={version.revision === revision}
      />
    </li>
  );
}

function Saves({ group, reachableFrom }: { group: SaveGroup; reachableFrom: number | null }) {
  const [isOpen, setOpen] = useState(false);
  const { saves, author } = group;
  const revision = useSaver((state) => state.revision);
  const Chevron = isOpen ? IconChevronDown : IconChevronRight;
  const [newest] = saves;
  if (newest === undefined) return null;
  if (saves.length === 1) return <SaveRow save={newest} reachableFrom={reachableFrom} by={author} />;
  // What is there now is never folded away.
  const isNow = newest.revision === revision;
  const folded = isNow ? saves.slice(1) : saves;
  const [until] = folded;
  return (
    <>
      {isNow && <SaveRow save={newest} reachableFrom={reachableFrom} by={author} />}
      <li className={classes.row}>
        <button
          type="button"
          className={classes.fold}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          <Chevron size={14} aria-hidden />
          {plural(folded.length, isNow ? 'earlier save' : 'save')}
          <span className={classes.dim}>
            {author !== null && `by ${author}, `}until {formatAgo((until ?? newest).created_at)}
          </span>
        </button>
      </li>
      {isOpen &&
        folded.map((save) => (
          <SaveRow key={save.revision} save={save} reachableFrom={reachableFrom} by={null} />
        ))}
    </>
  );
}

interface SaveRowProps {
  save: RevisionSummary;
  reachableFrom: number | null;
  by: string | null;
}

function SaveRow({ save, reachableFrom, by }: SaveRowProps) {
  const revision = useSaver((state) => state.revision);
  const isReachable = reachableFrom !== null && save.revision >= reachableFrom;
  const isNow = save.revision === revision;
  return (
    <li className={classes.row} data-testid={DESIGNER_IDS.revisionRow}>
      <IconPencil size={14} stroke={1.7} className={classes.icon} aria-hidden />
      <span className={classes.gesture}>{save.gesture || plural(save.num_operations, 'edit')}</span>
      <span className={classes.dim} title={formatDateTime(save.created_at)}>
        {formatAgo(save.created_at)}
        {by !== null && ` by ${by}`}, revision {save.revision}
      </span>
      {isNow && <Badge>now</Badge>}
      <span className={classes.space} />
      {!isReachable && (
        <span className={classes.dim} title="Only named versions are kept for that long.">
          too old to go back to
        </span>
      )}
      {isReachable && (
        <StateActions
          state={{ revision: save.revision }}
          name={`revision ${save.revision}`}
          isNow={isNow}
        />
      )}
    </li>
  );
}
