import classes from './Comparison.module.css';

const KIND_OF = { '+': 'added', '-': 'removed', '~': 'changed' } as const;

/** Differences in words, as the command line prints them. */
export function DifferenceLines({ lines }: { lines: readonly string[] }) {
  return (
    <pre className={classes.lines}>
      {lines.map((line) => (
        <div key={line} data-kind={kindOf(line)}>
          <b>{line.slice(0, 1)}</b>
          {line.slice(1)}
        </div>
      ))}
    </pre>
  );
}

function kindOf(line: string): string {
  const [mark] = line;
  return mark === '+' || mark === '-' || mark === '~' ? KIND_OF[mark] : '';
}
