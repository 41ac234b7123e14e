import { lazyRouteComponent } from '@tanstack/react-router';

export const StoragePage = lazyRouteComponent(() => import('./StoragePage'), 'StoragePage');
