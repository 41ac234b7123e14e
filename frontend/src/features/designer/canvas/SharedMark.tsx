import { IconLink } from '@tabler/icons-react';
import { namesOfSharers, nodesBeside } from '../document/sharing';
import { useEditor } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './LayerCard.module.css';

/** Says on a card that other layers use the same weights. */
export function SharedMark({ nodeId, path }: { nodeId: string; path: string }) {
  const names = useEditor(({ document }) =>
    namesOfSharers(nodesBeside(document, path), nodeId).join(', '),
  );
  if (names === '') return null;
  const words = `weights shared with ${names}`;
  return (
    <span className={classes.sign} title={`Its ${words}`} data-testid={DESIGNER_IDS.sharedMark}>
      <IconLink size={12} aria-label={words} />
    </span>
  );
}
