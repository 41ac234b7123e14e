import { lazyRouteComponent } from '@tanstack/react-router';

export const ProjectsPage = lazyRouteComponent(() => import('./ProjectsPage'), 'ProjectsPage');
