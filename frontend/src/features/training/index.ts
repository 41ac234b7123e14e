import { lazyRouteComponent } from '@tanstack/react-router';

export const CompareRunsPage = lazyRouteComponent(() => import('./CompareRunsPage'), 'CompareRunsPage');
export const RunPage = lazyRouteComponent(() => import('./RunPage'), 'RunPage');
export const RunsPage = lazyRouteComponent(() => import('./RunsPage'), 'RunsPage');
