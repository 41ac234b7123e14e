import { lazyRouteComponent } from '@tanstack/react-router';
import { lazy } from 'react';

export const InspectPage = lazyRouteComponent(() => import('./InspectPage'), 'InspectPage');

/** Networks and classical models judged on the same images: put it inside a `Suspense`. */
export const ComparisonTable = lazy(() =>
  import('./baselines/ComparisonTable').then((module) => ({ default: module.ComparisonTable })),
);
