import { lazyRouteComponent } from '@tanstack/react-router';

export const AccountPage = lazyRouteComponent(() => import('./AccountPage'), 'AccountPage');
export const InvitationPage = lazyRouteComponent(() => import('./InvitationPage'), 'InvitationPage');
export const SignInPage = lazyRouteComponent(() => import('./SignInPage'), 'SignInPage');
