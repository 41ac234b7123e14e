import { Button } from '@mantine/core';
import { useDesigner } from '../state/DesignerContext';
import { copyText } from '../code/copyText';
import { DESIGNER_IDS } from '../testids';
import classes from './Comparison.module.css';
import { DifferenceLines } from './DifferenceLines';
import { useComparing } from './useComparing';

/** The differences in words, as the command line prints them. */
export function ComparisonText() {
  const { editor } = useDesigner();
  const lines = useComparing((state) => state.comparison?.lines);
  if (lines === undefined || lines.length === 0) return null;
  const copy = (): void => {
    if (copyText(lines.join('\n'))) editor.announce('Differences copied');
  };
  return (
    <section className={classes.text} aria-label="Differences" data-testid={DESIGNER_IDS.comparisonText}>
      <header>
        Differences
        <Button size="compact-xs" variant="subtle" color="gray" onClick={copy}>
          Copy
        </Button>
      </header>
      <DifferenceLines lines={lines} />
    </section>
  );
}
