import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import type { FoundBoxes, Prediction } from '@/api';
import { TESTIDS, formatDuration, plural } from '@/lib';
import { Panel, ProblemNotice } from '@/ui';
import type { ImageChoice } from '../api';
import { BoxControls } from './BoxControls';
import classes from './Boxes.module.css';
import { BoxedPhoto } from './BoxedPhoto';
import { boxColor, countsOf, firstScore, scoreText, shownBoxes, type BoxChoice } from './boxes';
import { BoxList } from './BoxList';

interface BoxesPanelProps {
  image: ImageChoice;
  prediction: Prediction;
  found: FoundBoxes;
  isWorking: boolean;
  error: Error | null;
  choice: BoxChoice;
  onChoice: (choice: BoxChoice) => void;
}

/** What a detector found: boxes over the photograph, and the same as a list. */
export function BoxesPanel({ image, prediction, found, isWorking, error, choice, onChoice }: BoxesPanelProps) {
  const [chosen, setChosen] = useState<number | null>(null);
  const [isActualSize, setActualSize] = useState(false);
  const minScore = choice.minScore ?? firstScore(found.own_score_threshold);
  const boxes = shownBoxes(found.boxes, minScore, choice.most);
  const counts = countsOf(boxes);
  const numHidden = found.num_all - boxes.length;
  const words = counts.map(({ name, count }) => `${String(count)} × ${name}`).join(', ');
  const summary = boxes.length === 0 ? `Nothing above ${scoreText(minScore)}` : plural(boxes.length, 'box', 'boxes');
  const change = (next: BoxChoice) => {
    setChosen(null);
    onChoice(next);
  };
  return (
    <Panel
      title={image.name}
      actions={
        <>
          <span className={classes.muted}>
            {String(found.width)} × {String(found.height)} · answered in {formatDuration(prediction.seconds)}
          </span>
          <SegmentedControl
            size="xs"
            aria-label="Size of the image"
            value={isActualSize ? 'actual' : 'fit'}
            onChange={(value) => setActualSize(value === 'actual')}
            data={[
              { value: 'fit', label: 'Fit' },
              { value: 'actual', label: '100 %' },
            ]}
            data-testid={TESTIDS.inspect.boxSize}
          />
        </>
      }
    >
      {error && <ProblemNotice error={error} />}
      <BoxControls found={found} minScore={minScore} choice={choice} onChoice={change} />
      <div className={classes.answer} data-working={isWorking || undefined}>
        <BoxedPhoto
          found={found}
          boxes={boxes}
          imageUrl={image.url}
          inputUrl={prediction.image_url}
          label={boxes.length === 0 ? summary : `${summary}: ${words}`}
          isActualSize={isActualSize}
          chosen={chosen}
          onChoose={setChosen}
        />
        <div className={classes.side}>
          <p className={classes.summary} role="status" data-testid={TESTIDS.inspect.boxesSummary}>
            {summary}
          </p>
          {boxes.length > 0 && (
            <ul className={classes.counts} aria-label="Classes">
              {counts.map(({ label, name, count }) => (
                <li key={label}>
                  <span className={classes.swatch} style={{ backgroundColor: boxColor(label) }} aria-hidden /> {name} <b>{count}</b>
                </li>
              ))}
            </ul>
          )}
          {boxes.length > 0 && <BoxList boxes={boxes} chosen={chosen} onChoose={setChosen} />}
          <p className={classes.muted}>
            {numHidden > 0 && `${plural(numHidden, 'weaker box', 'weaker boxes')} hidden. `}
            {`The network itself keeps what scores above ${scoreText(found.own_score_threshold)} and overlaps a better box by less than ${scoreText(found.own_iou_threshold)}.`}
            {prediction.weight_set_id !== null && !prediction.is_as_drawn && ' It was asked as it was opened: layers of the drawing have no weights.'}
          </p>
        </div>
      </div>
    </Panel>
  );
}
