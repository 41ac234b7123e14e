import { lazy } from 'react';

/** A network as a file to take away: put it inside a `Suspense`. */
export const ExportDialog = lazy(() =>
  import('./ExportDialog').then((module) => ({ default: module.ExportDialog })),
);
export type { ExportDialogProps, WeightsGroup } from './ExportDialog';
