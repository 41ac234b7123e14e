import { IconCircleCheck, IconCircleCheckFilled, IconCircleDashed, IconCircleHalf2 } from '@tabler/icons-react';
import { standingWords, useStanding, type StandingKind } from '../state/standing';
import { DESIGNER_IDS } from '../testids';
import classes from './LayerCard.module.css';

/** By shape, not by colour: full, half, or nothing yet. */
const ICONS: Record<StandingKind, typeof IconCircleCheck> = {
  pretrained: IconCircleCheck,
  trained: IconCircleCheckFilled,
  changed: IconCircleHalf2,
  new: IconCircleDashed,
};

/** Says on a card where its weights stand, in networks that came with some or were trained. */
export function StandingMark({ path }: { path: string }) {
  const standing = useStanding(path);
  if (standing === undefined) return null;
  const Icon = ICONS[standing];
  const words = standingWords(standing);
  return (
    <span
      className={classes.sign}
      title={words}
      data-standing={standing}
      data-testid={DESIGNER_IDS.standing}
    >
      <Icon size={12} aria-label={words} />
    </span>
  );
}
