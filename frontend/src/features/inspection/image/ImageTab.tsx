import { Button, Select, Slider } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { IconPhotoSearch, IconSparkles } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Prediction } from '@/api';
import { datasetQuery, itemQuery } from '@/features/datasets';
import { TESTIDS, formatDuration, formatPercent } from '@/lib';
import { EmptyState, Panel, ProblemNotice } from '@/ui';
import { BoxesPanel } from '../boxes/BoxesPanel';
import { AS_ASKED, type BoxChoice } from '../boxes/boxes';
import { choiceKey, layersQuery, type Asked, type ImageChoice } from '../api';
import { ImagePicker } from './ImagePicker';
import classes from './ImageTab.module.css';
import { keepPixels } from './keepPixels';
import { MethodCard } from './MethodCard';
import { TopBars } from './TopBars';
import { knownTruth } from './truth';
import { useExplanation } from './useExplanation';
import { usePrediction } from './usePrediction';

interface ImageTabProps {
  asked: Asked;
  image: ImageChoice | null;
  /** Something is chosen already, though it may still be on its way. */
  hasChoice: boolean;
  onImage: (image: ImageChoice) => void;
}

export function ImageTab({ asked, image, hasChoice, onImage }: ImageTabProps) {
  // What is wanted of boxes stays while one goes from image to image.
  const [choice, setChoice] = useState<BoxChoice>(AS_ASKED);
  return (
    <div className={classes.columns}>
      <aside className={classes.side}>
        <ImagePicker asked={asked} chosen={image} hasChoice={hasChoice} onChoose={onImage} />
      </aside>
      {image === null ? (
        <EmptyState icon={<IconPhotoSearch size={26} stroke={1.5} />} title="Choose an image">
          Take one of the data on the left or drop one of your own, and see what the network says and why.
        </EmptyState>
      ) : (
        <Inspected key={`${asked.key} ${choiceKey(image)}`} asked={asked} image={image} choice={choice} onChoice={setChoice} />
      )}
    </div>
  );
}

/** The classes that can be explained; of a file that names none, the likeliest. */
function classChoices({ classes }: Asked, prediction: Prediction | null) {
  if (classes.length > 0) return classes.map((name, index) => ({ value: String(index), label: name }));
  return prediction?.probabilities.map(({ index, name }) => ({ value: String(index), label: name })) ?? [];
}

/** The class that people gave the image; `null` where there is nothing to compare with. */
function useTruth(asked: Asked, image: ImageChoice): string | null {
  const { datasetId } = asked;
  const itemId = image.type === 'item' ? image.itemId : '';
  const { data: item } = useQuery({ ...itemQuery(itemId), enabled: itemId !== '' });
  const { data: dataset } = useQuery({ ...datasetQuery(datasetId ?? ''), enabled: datasetId !== null });
  const classId = item?.label?.class_id;
  return knownTruth(asked, dataset?.classes.find(({ id }) => id === classId)?.name);
}

interface InspectedProps {
  asked: Asked;
  image: ImageChoice;
  choice: BoxChoice;
  onChoice: (choice: BoxChoice) => void;
}

/** A classifier's answer and why it gives it, or what a detector found. */
function Inspected({ asked, image, choice, onChoice }: InspectedProps) {
  const answer = usePrediction(asked, image, choice.overlap);
  const { prediction, isWorking, error } = answer;
  if (error && !prediction && (image.type === 'upload' || asked.runId === null)) {
    return (
      <div className={classes.main}>
        <Panel title={image.name}>
          <ProblemNotice error={error} />
        </Panel>
      </div>
    );
  }
  if (!prediction && asked.runId === null) {
    // Until it answers, nobody knows whether a network of a file classifies or finds.
    return (
      <div className={classes.main}>
        <Panel title={image.name}>
          <div className={classes.shown} data-large>
            <img src={image.url} alt={image.name} onLoad={keepPixels} />
          </div>
          <p className={`${classes.muted ?? ''} appears-late`}>The network looks at the image.</p>
        </Panel>
      </div>
    );
  }
  if (prediction?.found) {
    return (
      <div className={classes.main}>
        <BoxesPanel
          image={image}
          prediction={prediction}
          found={prediction.found}
          isWorking={isWorking}
          error={error}
          choice={choice}
          onChoice={onChoice}
        />
      </div>
    );
  }
  return <Classified asked={asked} image={image} answer={answer} />;
}

interface ClassifiedProps {
  asked: Asked;
  image: ImageChoice;
  answer: ReturnType<typeof usePrediction>;
}

function Classified({ asked, image, answer: { prediction, isWorking, error } }: ClassifiedProps) {
  const [target, setTarget] = useState<number | null>(null);
  const [layer, setLayer] = useState<string | null>(null);
  const [opacity, setOpacity] = useLocalStorage({ key: 'netloom.heatOpacity', defaultValue: 0.55 });
  const { data: layers = [] } = useQuery(layersQuery(asked));
  const gradcam = useExplanation('gradcam', asked, image);
  const occlusion = useExplanation('occlusion', asked, image);
  const lime = useExplanation('lime', asked, image);
  const ask = { asked, image, targetClass: target, layer };
  const explainAll = () => {
    if (layers.length > 0) gradcam.ask(ask);
    occlusion.ask(ask);
    lime.ask(ask);
  };
  const isExplaining = gradcam.isWorking || occlusion.isWorking || lime.isWorking;
  const defaultLayer = layers.find(({ is_default }) => is_default)?.path ?? null;
  const top = prediction?.probabilities[0];
  const truth = useTruth(asked, image);
  const layerName = (path: string) => layers.find((each) => each.path === path)?.name ?? path;
  const shown = { layerName, inputUrl: prediction?.image_url ?? null, opacity };
  const canAsk = prediction !== null;
  return (
    <div className={classes.main}>
      <Panel
        title={image.name}
        actions={prediction && <span className={classes.muted}>answered in {formatDuration(prediction.seconds)}</span>}
      >
        {error && <ProblemNotice error={error} />}
        <div className={classes.answer}>
          <div className={classes.shown}>
            <img src={image.url} alt={image.name} onLoad={keepPixels} />
          </div>
          <div>
            {top && (
              <p className={classes.verdict}>
                {top.name} <span>{formatPercent(top.value)}</span>
                {truth !== null && (
                  <small className={classes.truth} data-right={truth === top.name || undefined}>
                    {truth === top.name ? 'right' : 'wrong'}, is {truth}
                  </small>
                )}
              </p>
            )}
            <TopBars prediction={prediction} isWorking={isWorking} target={target} onTarget={setTarget} />
          </div>
        </div>
      </Panel>
      <Panel
        title="Why"
        actions={
          <Button
            size="xs"
            leftSection={<IconSparkles size={15} />}
            disabled={!prediction}
            loading={isExplaining}
            onClick={explainAll}
            data-testid={TESTIDS.inspect.explainAll}
          >
            Explain with all three
          </Button>
        }
      >
        <div className={classes.controls}>
          <Select
            label="Class"
            searchable
            data={classChoices(asked, prediction)}
            value={target === null ? (top ? String(top.index) : null) : String(target)}
            onChange={(value) => setTarget(value === null ? null : Number(value))}
            data-testid={TESTIDS.inspect.classPicker}
          />
          <Select
            label="Layer of Grad-CAM"
            data={layers.map(({ path, name, output_text }) => ({ value: path, label: `${name}  ${output_text}` }))}
            value={layer ?? defaultLayer}
            onChange={setLayer}
            disabled={layers.length === 0}
            placeholder={layers.length === 0 ? 'no convolution layer' : ''}
            data-testid={TESTIDS.inspect.layerPicker}
          />
          <label className={classes.opacity}>
            <span>Opacity of the maps</span>
            <Slider
              min={0}
              max={1}
              step={0.01}
              value={opacity}
              onChange={setOpacity}
              label={null}
              thumbLabel="Opacity of the maps"
              data-testid={TESTIDS.inspect.opacity}
            />
          </label>
        </div>
        <div className={classes.methods}>
          <MethodCard
            {...shown}
            method="gradcam"
            state={gradcam}
            canAsk={canAsk && layers.length > 0}
            onAsk={() => gradcam.ask(ask)}
          />
          <MethodCard {...shown} method="occlusion" state={occlusion} canAsk={canAsk} onAsk={() => occlusion.ask(ask)} />
          <MethodCard {...shown} method="lime" state={lime} canAsk={canAsk} onAsk={() => lime.ask(ask)} />
        </div>
      </Panel>
    </div>
  );
}
