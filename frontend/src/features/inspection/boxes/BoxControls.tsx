import { NumberInput, Slider } from '@mantine/core';
import { useState } from 'react';
import type { FoundBoxes } from '@/api';
import { TESTIDS } from '@/lib';
import { LOWEST_SCORE, scoreText, type BoxChoice } from './boxes';
import classes from './Boxes.module.css';

interface BoxControlsProps {
  found: FoundBoxes;
  minScore: number;
  choice: BoxChoice;
  onChoice: (choice: BoxChoice) => void;
}

/** What is shown of the boxes. Only the overlap asks the network again. */
export function BoxControls({ found, minScore, choice, onChoice }: BoxControlsProps) {
  const [overlap, setOverlap] = useState(choice.overlap ?? found.own_iou_threshold);
  return (
    <div className={classes.controls}>
      <label className={classes.control}>
        <span>
          Score above <output>{scoreText(minScore)}</output>
        </span>
        <Slider
          min={LOWEST_SCORE}
          max={1}
          step={0.01}
          value={minScore}
          onChange={(value) => onChoice({ ...choice, minScore: value })}
          label={null}
          thumbLabel="Score above"
          data-testid={TESTIDS.inspect.boxScore}
        />
      </label>
      <label className={classes.control}>
        <span>
          Overlap below <output>{scoreText(overlap)}</output>
        </span>
        <Slider
          min={0.05}
          max={1}
          step={0.05}
          value={overlap}
          onChange={setOverlap}
          onChangeEnd={(value) => onChoice({ ...choice, overlap: value })}
          label={null}
          thumbLabel="Overlap below"
          data-testid={TESTIDS.inspect.boxOverlap}
        />
      </label>
      <NumberInput
        label="At most"
        placeholder="All"
        min={1}
        max={1000}
        allowDecimal={false}
        value={choice.most ?? ''}
        onChange={(value) => onChoice({ ...choice, most: typeof value === 'number' ? value : null })}
        data-testid={TESTIDS.inspect.boxMost}
      />
    </div>
  );
}
