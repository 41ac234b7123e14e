import { Button } from '@mantine/core';
import { useDesigner } from '../state/DesignerContext';
import { copyText } from '../code/copyText';
import { DESIGNER_IDS } from '../testids';
import classes from './Comparison.module.css';
import { useComparing } from './useComparing';

const KIND_OF = { '+': 'added', '-': 'removed', '~': 'changed' } as const;

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
      <pre>
        {lines.map((line) => (
          <div key={line} data-kind={kindOf(line)}>
            <b>{line.slice(0, 1)}</b>
            {line.slice(1)}
          </div>
        ))}
      </pre>
    </section>
  );
}

function kindOf(line: string): string {
  const [mark] = line;
  return mark === '+' || mark === '-' || mark === '~' ? KIND_OF[mark] : '';
}
