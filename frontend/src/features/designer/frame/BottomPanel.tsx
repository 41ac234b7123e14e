import { ActionIcon, Tooltip } from '@mantine/core';
import { IconChevronDown, IconChevronUp } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState, type PointerEvent } from 'react';
import { weightSetsQuery } from '@/features/training';
import { formatBytes, formatCount } from '@/lib';
import { LayersTable } from '../analysis/LayersTable';
import { ProblemsList } from '../analysis/ProblemsList';
import { flopsText, perSample } from '../analysis/costs';
import { CommentsTab } from '../comments/CommentsTab';
import { OpenThreadCount } from '../comments/OpenThreadCount';
import { ImportTab } from '../imports/ImportTab';
import { Outline } from '../outline/Outline';
import { useAnalysis, useDesigner, usePanels } from '../state/DesignerContext';
import type { BottomTab } from '../state/panels';
import { DESIGNER_IDS } from '../testids';
import { VersionsList } from '../versions/VersionsList';
import classes from './BottomPanel.module.css';

/** Comes with its tab: nobody waits for an editor that is not open. */
const CodeView = lazy(() => import('../code/CodeView'));

const TABS: readonly { id: BottomTab; title: string }[] = [
  { id: 'layers', title: 'Layers' },
  { id: 'problems', title: 'Problems' },
  { id: 'code', title: 'PyTorch' },
  { id: 'versions', title: 'Versions' },
  { id: 'comments', title: 'Comments' },
  { id: 'outline', title: 'Outline' },
];
const IMPORT_TAB = { id: 'import', title: 'Import' } as const;

const LEAST_PX = 96;
const MOST_SHARE = 0.7;

/** Below the canvas, foldable: what is known about the network, its code and its history. */
export function BottomPanel() {
  const { networkId, panels } = useDesigner();
  const isOpen = usePanels((state) => state.isBottomOpen);
  const bottom = usePanels((state) => state.bottom);
  const { data: weightSets = [] } = useQuery(weightSetsQuery(networkId));
  const tabs = weightSets.length > 0 || bottom === 'import' ? [...TABS, IMPORT_TAB] : TABS;
  const [height, setHeight] = useState(() => Math.round(Math.min(208, window.innerHeight * 0.23)));
  const resize = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.buttons !== 1) return;
    const most = Math.round(window.innerHeight * MOST_SHARE);
    setHeight(Math.max(LEAST_PX, Math.min(most, window.innerHeight - event.clientY - 36)));
  };
  return (
    <section className={classes.root} aria-label="About the network">
      {isOpen && (
        <div
          className={classes.grip}
          role="separator"
          aria-orientation="horizontal"
          aria-label="Height of the lower panel"
          aria-valuenow={height}
          aria-valuemin={LEAST_PX}
          aria-valuemax={Math.round(window.innerHeight * MOST_SHARE)}
          tabIndex={0}
          onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
          onPointerMove={resize}
          onKeyDown={(event) => {
            const step = event.key === 'ArrowUp' ? 24 : event.key === 'ArrowDown' ? -24 : 0;
            if (step !== 0) setHeight(Math.max(LEAST_PX, height + step));
          }}
        />
      )}
      <div className={classes.bar}>
        <div className={classes.tabs} role="tablist" aria-label="About the network">
          {tabs.map(({ id, title }) => (
            <button
              key={id}
              type="button"
              role="tab"
              className={classes.tab}
              aria-selected={isOpen && bottom === id}
              data-testid={DESIGNER_IDS.bottomTab(id)}
              onClick={() => panels.showBottom(id)}
            >
              {title}
              {id === 'problems' && <ProblemCount />}
              {id === 'comments' && <OpenThreadCount />}
            </button>
          ))}
        </div>
        <Totals />
        <Tooltip label={isOpen ? 'Fold' : 'Unfold'}>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={isOpen ? 'Fold the lower panel' : 'Unfold the lower panel'}
            onClick={() => panels.set({ isBottomOpen: !isOpen })}
          >
            {isOpen ? <IconChevronDown size={16} /> : <IconChevronUp size={16} />}
          </ActionIcon>
        </Tooltip>
      </div>
      {isOpen && (
        <div className={classes.body} role="tabpanel" style={{ height, '--panel-height': `${height}px` }}>
          <Suspense>
            <Tab id={bottom} />
          </Suspense>
        </div>
      )}
    </section>
  );
}

function Tab({ id }: { id: BottomTab }) {
  switch (id) {
    case 'layers':
      return <LayersTable />;
    case 'problems':
      return <ProblemsList />;
    case 'code':
      return <CodeView />;
    case 'versions':
      return <VersionsList />;
    case 'comments':
      return <CommentsTab />;
    case 'outline':
      return <Outline />;
    case 'import':
      return <ImportTab />;
  }
}

function ProblemCount() {
  const problems = useAnalysis((state) => state.analysis?.diagnostics);
  const isTruncated = useAnalysis((state) => state.analysis?.is_truncated ?? false);
  if (problems === undefined || problems.length === 0) return null;
  const hasErrors = problems.some(({ severity }) => severity === 'error');
  return (
    <span className={classes.count} data-errors={hasErrors || undefined}>
      {isTruncated ? `${problems.length}+` : problems.length}
    </span>
  );
}

function Totals() {
  const totals = useAnalysis((state) => state.analysis?.totals);
  const isStale = useAnalysis((state) => state.isStale);
  if (totals === undefined) return null;
  return (
    <div className={classes.totals} data-stale={isStale || undefined}>
      <span>{formatCount(totals.parameters)} parameters</span>
      <span>{formatBytes(totals.parameter_bytes)}</span>
      <span>
        {flopsText(totals.flops)} {perSample(totals)}
      </span>
    </div>
  );
}
