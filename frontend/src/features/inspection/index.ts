import { lazyRouteComponent } from '@tanstack/react-router';

export const InspectPage = lazyRouteComponent(() => import('./InspectPage'), 'InspectPage');
