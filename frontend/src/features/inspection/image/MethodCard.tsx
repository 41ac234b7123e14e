import { ActionIcon, Button, Menu, Progress, Tooltip } from '@mantine/core';
import { IconDownload, IconInfoCircle } from '@tabler/icons-react';
import type { Explanation, ExplanationMethod } from '@/api';
import { TESTIDS, formatCount, formatDuration, formatNumber, formatPercent } from '@/lib';
import { ProblemNotice } from '@/ui';
import { isSigned, legendGradient } from './colorMap';
import { HeatMap } from './HeatMap';
import classes from './ImageTab.module.css';
import type { useExplanation } from './useExplanation';

export const METHODS: Record<ExplanationMethod, { name: string; about: string; testId: string }> = {
  gradcam: {
    name: 'Grad-CAM',
    about: 'Where a convolution layer responds to what speaks for the class. One forward and one backward pass.',
    testId: TESTIDS.inspect.gradcam,
  },
  occlusion: {
    name: 'Occlusion',
    about: 'How the score falls while a window covers each part of the image. Red speaks for the class, blue against it.',
    testId: TESTIDS.inspect.occlusion,
  },
  lime: {
    name: 'LIME',
    about: 'A linear model over superpixels switched on and off. R² says how well it follows the network.',
    testId: TESTIDS.inspect.lime,
  },
};

interface MethodCardProps {
  method: ExplanationMethod;
  state: ReturnType<typeof useExplanation>;
  inputUrl: string | null;
  opacity: number;
  /** The layer that was asked about, as people call it. */
  layerName: (path: string) => string;
  canAsk: boolean;
  onAsk: () => void;
}

export function MethodCard({ method, state, inputUrl, opacity, layerName, canAsk, onAsk }: MethodCardProps) {
  const { name, about, testId } = METHODS[method];
  const { explanation, job, coarseUrl, isWorking, error } = state;
  const imageUrl = explanation?.input_image_url ?? inputUrl;
  const range = explanation ?? { min: 0, max: 1 };
  return (
    <section
      className={classes.method}
      aria-label={name}
      data-testid={testId}
      data-state={explanation ? 'done' : isWorking ? 'working' : 'idle'}
      data-max={explanation?.max}
    >
      <header className={classes.methodHead}>
        <h3>{name}</h3>
        <Tooltip label={about} multiline w={280}>
          <IconInfoCircle size={15} aria-label={about} tabIndex={0} />
        </Tooltip>
        <span className={classes.spacer} />
        {!isWorking && (
          <Button size="compact-xs" variant="default" disabled={!canAsk} onClick={onAsk} data-testid={TESTIDS.inspect.explain}>
            {explanation ? 'Again' : 'Explain'}
          </Button>
        )}
        {explanation && <ExportMenu explanation={explanation} />}
      </header>
      {imageUrl === null ? (
        <div className={classes.picture} />
      ) : (
        <HeatMap
          imageUrl={imageUrl}
          heatmapUrl={explanation?.heatmap_url ?? coarseUrl}
          range={range}
          opacity={opacity}
          label={explanation ? `${name} for ${explanation.class_name}` : `${name}: not asked yet`}
        />
      )}
      <footer className={classes.methodFoot}>
        {isWorking && (
          <div className={classes.progress}>
            <Progress value={(job?.progress ?? 0) * 100} size={4} aria-label={`${name}: progress`} />
            <Button size="xs" variant="default" onClick={state.cancel} data-testid={TESTIDS.inspect.cancel}>
              Cancel
            </Button>
          </div>
        )}
        {job?.state === 'cancelled' && <span className={classes.muted}>Cancelled.</span>}
        {error && <ProblemNotice error={error} />}
        {explanation && <Facts explanation={explanation} layerName={layerName} />}
      </footer>
    </section>
  );
}

function Facts({ explanation, layerName }: Pick<MethodCardProps, 'layerName'> & { explanation: Explanation }) {
  const { min, max, seconds, rows_forwarded, r2, layer, class_name, probability } = explanation;
  return (
    <>
      <div className={classes.legend} style={{ backgroundImage: legendGradient(explanation) }} aria-hidden />
      <div className={classes.range}>
        <span className="mono">{formatNumber(min)}</span>
        <span>{isSigned(explanation) ? 'against · for' : 'weight'}</span>
        <span className="mono">{formatNumber(max)}</span>
      </div>
      <p className={classes.muted}>
        {class_name} {formatPercent(probability)} · {formatDuration(seconds)} ·{' '}
        {formatCount(rows_forwarded)} {rows_forwarded === 1 ? 'image' : 'images'} through the network
        {r2 !== null && ` · R² ${r2.toFixed(2)}`}
        {layer !== null && ` · layer ${layerName(layer)}`}
      </p>
    </>
  );
}

function ExportMenu({ explanation }: { explanation: Explanation }) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Export ${METHODS[explanation.method].name}`}>
          <IconDownload size={15} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={explanation.overlay_url} download={`${explanation.method}.png`}>
          PNG over the image
        </Menu.Item>
        <Menu.Item component="a" href={explanation.data_url} download={`${explanation.method}.npz`}>
          Raw map (NumPy)
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
