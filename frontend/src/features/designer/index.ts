import { lazyRouteComponent } from '@tanstack/react-router';

export { DropNetwork } from './imports/DropNetwork';
export const DesignerPage = lazyRouteComponent(() => import('./DesignerPage'), 'DesignerPage');
export const NetworksPage = lazyRouteComponent(
  () => import('./networks/NetworksPage'),
  'NetworksPage',
);
export const ReportPage = lazyRouteComponent(() => import('./report/ReportPage'), 'ReportPage');
export const ZooPage = lazyRouteComponent(() => import('./zoo/ZooPage'), 'ZooPage');
