import { IconPlugConnectedX } from '@tabler/icons-react';
import { TESTIDS, useStudioAway } from '@/lib';
import classes from './FrameLayout.module.css';

/** Says over every page that what it shows may be old, for as long as nobody answers. */
export function AwayBanner() {
  const isAway = useStudioAway();
  return (
    <div className={classes.note} role="status">
      {isAway && (
        <p className={classes.away} data-testid={TESTIDS.frame.away}>
          <IconPlugConnectedX size={17} aria-hidden />
          <span>
            <b>The studio does not answer.</b> This page shows what it last heard and goes on by itself once the studio
            is back.
          </span>
        </p>
      )}
    </div>
  );
}
