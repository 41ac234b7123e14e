import { IconChartLine, IconEyeSearch, IconPhoto, IconTopologyStar3 } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { TESTIDS } from '@/lib';
import classes from './Rail.module.css';

const ROOMS = [
  { to: '/networks', label: 'Networks', icon: IconTopologyStar3, testId: TESTIDS.frame.railNetworks },
  { to: '/data', label: 'Data', icon: IconPhoto, testId: TESTIDS.frame.railData },
  { to: '/runs', label: 'Runs', icon: IconChartLine, testId: TESTIDS.frame.railRuns },
  { to: '/inspect', label: 'Inspect', icon: IconEyeSearch, testId: TESTIDS.frame.railInspect },
] as const;

export function Rail() {
  return (
    <nav className={classes.rail} aria-label="Rooms" data-testid={TESTIDS.frame.rail}>
      {ROOMS.map(({ to, label, icon: Icon, testId }) => (
        <Link key={to} to={to} className={classes.room} data-testid={testId}>
          <Icon size={21} stroke={1.6} aria-hidden />
          <span>{label}</span>
        </Link>
      ))}
    </nav>
  );
}
