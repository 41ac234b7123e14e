import { useEffect, useId, useRef, type KeyboardEvent } from 'react';
import type { FoundBox } from '@/api';
import { TESTIDS } from '@/lib';
import { boxColor, boxName, placeText, scoreText } from './boxes';
import classes from './Boxes.module.css';

interface BoxListProps {
  boxes: readonly FoundBox[];
  chosen: number | null;
  onChoose: (index: number | null) => void;
}

/** Where a key leads from a row; `undefined` for keys that lead nowhere. */
function leadsTo(key: string, chosen: number | null, last: number): number | null | undefined {
  switch (key) {
    case 'ArrowDown':
      return chosen === null ? 0 : Math.min(chosen + 1, last);
    case 'ArrowUp':
      return chosen === null ? last : Math.max(chosen - 1, 0);
    case 'Home':
      return 0;
    case 'End':
      return last;
    case 'Escape':
      return null;
    default:
      return undefined;
  }
}

/** The boxes in words, the best first; arrows go from one to the next and its box lights up. */
export function BoxList({ boxes, chosen, onChoose }: BoxListProps) {
  const id = useId();
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (chosen !== null) list.current?.children[chosen]?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  const press = (event: KeyboardEvent) => {
    const next = leadsTo(event.key, chosen, boxes.length - 1);
    if (next === undefined) return;
    event.preventDefault();
    onChoose(next);
  };
  return (
    <ul
      ref={list}
      className={classes.list}
      role="listbox"
      aria-label="Boxes, the best first"
      aria-activedescendant={chosen === null ? undefined : `${id}-${String(chosen)}`}
      tabIndex={0}
      onKeyDown={press}
    >
      {boxes.map((box, index) => (
        <li
          key={index}
          id={`${id}-${String(index)}`}
          role="option"
          aria-selected={index === chosen}
          className={classes.row}
          onClick={() => onChoose(index === chosen ? null : index)}
          data-testid={TESTIDS.inspect.boxRow}
        >
          <span className={classes.swatch} style={{ backgroundColor: boxColor(box.label) }} aria-hidden />
          <span className={classes.rowName}>{boxName(box)}</span>
          <span className={classes.place}>{placeText(box)}</span>
          <span className={classes.score}>{scoreText(box.score)}</span>
        </li>
      ))}
    </ul>
  );
}
