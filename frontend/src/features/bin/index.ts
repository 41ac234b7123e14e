import { lazyRouteComponent } from '@tanstack/react-router';

export const BinPage = lazyRouteComponent(() => import('./BinPage'), 'BinPage');
export { BinLink } from './BinLink';
export { OwnProjects } from './OwnProjects';
export { usePurge } from './usePurge';
