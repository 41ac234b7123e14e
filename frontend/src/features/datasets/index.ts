import { lazyRouteComponent } from '@tanstack/react-router';

export const DatasetPage = lazyRouteComponent(() => import('./DatasetPage'), 'DatasetPage');
export const DatasetsPage = lazyRouteComponent(() => import('./DatasetsPage'), 'DatasetsPage');
export { datasetQuery, datasetsQuery, fetchItems, itemQuery, itemsKey, versionsQuery } from './api';
export { uploadFile } from './imports/upload';
export { VersionSelect } from './VersionSelect';
