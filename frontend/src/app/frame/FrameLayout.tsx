import { Outlet, useLocation, useRouter } from '@tanstack/react-router';
import { Suspense, useEffect } from 'react';
import { DropNetwork } from '@/features/designer';
import { NoProjectPage } from '@/features/projects';
import { useFollowedRuns } from '@/features/training';
import { socket, useProjectTopic, useSession } from '@/lib';
import { ProblemPage } from '@/ui';
import { needsProject, rememberPlace } from '../lastPlace';
import { AwayBanner } from './AwayBanner';
import { CommandPalette } from './CommandPalette';
import classes from './FrameLayout.module.css';
import { PagePending } from './PageStates';
import { Rail } from './Rail';
import { TopBar } from './TopBar';

/** Everything behind the door: rail, top bar and the page. Without a session it shows the door. */
export function FrameLayout() {
  const { data: session, error, refetch } = useSession();
  const { pathname } = useLocation();
  if (error && !session) {
    return (
      <main className={classes.alone}>
        <ProblemPage error={error} onRetry={() => void refetch()} />
      </main>
    );
  }
  if (!session) return <PagePending />;
  if (!session.person) return <ToSignIn />;
  return <SignedIn key={session.person.id} pathname={pathname} hasProject={session.projects.length > 0} />;
}

/**
 * Leads to the door and remembers what was asked for. Once: the address changes before the door is
 * loaded, and asking again then would remember the door.
 */
function ToSignIn() {
  const router = useRouter();
  useEffect(() => {
    const { pathname, href } = router.state.location;
    void router.navigate({ to: '/signin', search: pathname === '/' ? {} : { next: href }, replace: true });
  }, [router]);
  return <PagePending />;
}

function SignedIn({ pathname, hasProject }: { pathname: string; hasProject: boolean }) {
  useProjectTopic();
  useFollowedRuns();
  useEffect(() => rememberPlace(pathname), [pathname]);
  // The socket carries the cookies of the moment it was opened: a new person needs a new one.
  useEffect(() => () => socket.reconnect(), []);
  return (
    <div className={classes.frame}>
      <a className={classes.skip} href="#main">
        Skip to the page
      </a>
      <TopBar />
      <Rail />
      <AwayBanner />
      <main id="main" className={classes.main} tabIndex={-1}>
        <Suspense fallback={<PagePending />}>
          {hasProject || !needsProject(pathname) ? <Outlet /> : <NoProjectPage />}
        </Suspense>
      </main>
      <CommandPalette />
      <DropNetwork />
    </div>
  );
}
