import { UnstyledButton } from '@mantine/core';
import type { ExportGap } from '@/api';
import { TESTIDS, plural } from '@/lib';
import classes from './Exports.module.css';

interface GapListProps {
  title: string;
  gaps: readonly ExportGap[];
  onGap?: (gap: ExportGap) => void;
}

/** What a format cannot express, layer by layer; a click shows the layer. */
export function GapList({ title, gaps, onGap }: GapListProps) {
  return (
    <section className={classes.gaps} data-testid={TESTIDS.exports.gaps}>
      <h3 className={classes.heading}>
        {title} cannot express {plural(gaps.length, 'thing')} of this network
      </h3>
      <ul>
        {gaps.map((gap, index) => (
          <li key={`${String(index)} ${gap.path}`}>
            <Subject gap={gap} {...(onGap ? { onGap } : {})} />
            <span className={classes.reason}>
              {gap.reason} {gap.next_step}
            </span>
          </li>
        ))}
      </ul>
      <p className={classes.note}>Nothing is written until they are changed; other formats may take them.</p>
    </section>
  );
}

function Subject({ gap, onGap }: { gap: ExportGap; onGap?: (gap: ExportGap) => void }) {
  if (!gap.name) return null;
  const text = (
    <>
      {gap.name} <small>{gap.type}</small>
    </>
  );
  if (onGap === undefined || gap.path === '') return <span className={classes.node}>{text}</span>;
  return (
    <UnstyledButton
      className={classes.node}
      data-link
      data-testid={TESTIDS.exports.gap}
      title="Show this layer"
      onClick={() => onGap(gap)}
    >
      {text}
    </UnstyledButton>
  );
}
