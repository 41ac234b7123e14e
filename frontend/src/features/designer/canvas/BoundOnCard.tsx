import { useQuery } from '@tanstack/react-query';
import { datasetQuery } from '@/features/datasets';
import { usePreviewedSample } from '../preview/usePreviewSamples';
import { usePreview } from '../state/DesignerContext';
import { useNetworkMeta } from '../state/networkMeta';
import { useSample } from '../state/sample';
import { DESIGNER_IDS } from '../testids';
import classes from './LayerCard.module.css';

/** On an input's card: a real image of the bound data, in a preview the one that is shown. */
export function BoundSample() {
  const isPreviewed = usePreview((state) => state.isOn);
  const previewed = usePreviewedSample();
  const bound = useSample();
  const sample = isPreviewed ? previewed : bound;
  if (sample == null) return null;
  const label = 'label_name' in sample ? sample.label_name : sample.label;
  return (
    <img
      className={classes.sample}
      src={sample.thumbnail_url}
      alt={label === null ? 'A sample of the data' : `A sample, labeled ${label}`}
      title={label ?? undefined}
      draggable={false}
      data-testid={DESIGNER_IDS.cardSample}
    />
  );
}

const SHOWN = 6;

/** On an output's card: the classes it is to tell apart. */
export function BoundClasses() {
  const { dataset_id: datasetId } = useNetworkMeta();
  const { data } = useQuery({ ...datasetQuery(datasetId ?? ''), enabled: datasetId !== null });
  if (data === undefined || data.classes.length === 0) return null;
  const { classes: list } = data;
  return (
    <span className={classes.classes} title={list.map(({ name }) => name).join(', ')}>
      {list.slice(0, SHOWN).map(({ id, color }) => (
        <span key={id} className={classes.dot} style={{ background: color }} />
      ))}
      {list.length} {list.length === 1 ? 'class' : 'classes'}
    </span>
  );
}
