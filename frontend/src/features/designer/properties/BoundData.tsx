import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { datasetQuery } from '@/features/datasets';
import { formatCount } from '@/lib';
import type { LayerRole } from '../state/contract';
import { useNetworkMeta } from '../state/networkMeta';
import { useSample } from '../state/sample';
import classes from './Properties.module.css';

/** On an input: a real image of the bound data. On an output: its classes. */
export function BoundData({ role }: { role: LayerRole }) {
  const { dataset_id: datasetId } = useNetworkMeta();
  if (datasetId === null) return null;
  if (role === 'input') return <Sample />;
  return role === 'output' ? <Classes datasetId={datasetId} /> : null;
}

function Sample() {
  const data = useSample();
  if (data === undefined) return null;
  const [channels, height, width] = data.shape;
  return (
    <section className={classes.section}>
      <h3 className={classes.heading}>A sample of the data</h3>
      <div className={classes.sample}>
        <img src={data.thumbnail_url} alt={data.label ?? 'A sample'} width={72} height={72} />
        <dl className={classes.facts}>
          <dt>label</dt>
          <dd>{data.label ?? 'none'}</dd>
          <dt>stored as</dt>
          <dd>
            C {channels} × H {height} × W {width}
          </dd>
        </dl>
      </div>
    </section>
  );
}

const SHOWN = 12;

function Classes({ datasetId }: { datasetId: string }) {
  const { data: dataset } = useQuery(datasetQuery(datasetId));
  if (dataset === undefined) return null;
  const { classes: list } = dataset;
  return (
    <section className={classes.section}>
      <h3 className={classes.heading}>{list.length} classes</h3>
      <ul className={classes.classes}>
        {list.slice(0, SHOWN).map(({ id, name, color, count }) => (
          <li key={id}>
            <span className={classes.dot} style={{ background: color }} />
            <span className={classes.className}>{name}</span>
            <span className={classes.count}>{formatCount(count)}</span>
          </li>
        ))}
      </ul>
      {list.length > SHOWN && (
        <Link to="/data/$datasetId" params={{ datasetId }}>
          and {list.length - SHOWN} more
        </Link>
      )}
    </section>
  );
}
