import { lazyRouteComponent } from '@tanstack/react-router';
import { lazy } from 'react';

export const CompareRunsPage = lazyRouteComponent(() => import('./compare/CompareRunsPage'), 'CompareRunsPage');
export const RunPage = lazyRouteComponent(() => import('./run/RunPage'), 'RunPage');
export const RunsPage = lazyRouteComponent(() => import('./list/RunsPage'), 'RunsPage');

/** The dialog behind Train: put it inside a `Suspense`. */
export const StartRunDialog = lazy(() =>
  import('./start/StartRunDialog').then((module) => ({ default: module.StartRunDialog })),
);
export type { StartRunDialogProps } from './start/StartRunDialog';

export { checkpointsQuery, runQuery, runsQuery, weightSetsQuery } from './api';
export { useActiveRuns, useFollowedRuns } from './live/activeRuns';
export { useRunRecord } from './live/useRunRecord';
export { useConfirmInUse } from './live/useConfirmInUse';
export { checkpointTitle, metricText, runTitle, wishNote } from './words';
