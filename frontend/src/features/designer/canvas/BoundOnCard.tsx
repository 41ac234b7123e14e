import { useQuery } from '@tanstack/react-query';
import { datasetQuery } from '@/features/datasets';
import { useNetworkMeta } from '../state/networkMeta';
import { useSample } from '../state/sample';
import classes from './LayerCard.module.css';

/** On an input's card: a real image of the bound data. */
export function BoundSample() {
  const sample = useSample();
  if (sample === undefined) return null;
  return (
    <img
      className={classes.sample}
      src={sample.thumbnail_url}
      alt={sample.label === null ? 'A sample of the data' : `A sample, labeled ${sample.label}`}
      title={sample.label ?? undefined}
      draggable={false}
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
