import { lazyRouteComponent } from '@tanstack/react-router';
import { lazy } from 'react';

export { DropNetwork } from './imports/DropNetwork';
export const DesignerPage = lazyRouteComponent(() => import('./DesignerPage'), 'DesignerPage');
export const NetworksPage = lazyRouteComponent(
  () => import('./networks/NetworksPage'),
  'NetworksPage',
);
export const ReportPage = lazyRouteComponent(() => import('./report/ReportPage'), 'ReportPage');

/** A trained network for other data: put it inside a `Suspense`. */
export const TransferDialog = lazy(() =>
  import('./transfer/TransferDialog').then((module) => ({ default: module.TransferDialog })),
);
export const ZooPage = lazyRouteComponent(() => import('./zoo/ZooPage'), 'ZooPage');
