import { addressOf } from '@/api';
import type { SyntheticEvent } from 'react';
import { Progress } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { DatasetSummary } from '@/api';
import { TESTIDS, formatAgo, formatPercent, plural } from '@/lib';
import { DatasetMenu } from './DatasetMenu';
import { useActiveImport } from './imports/useActiveImport';
import classes from './DatasetsPage.module.css';

/** Pictures of a few pixels stay sharp instead of turning into a blur. */
function keepPixels(event: SyntheticEvent<HTMLImageElement>): void {
  const { naturalWidth, naturalHeight, dataset } = event.currentTarget;
  if (Math.max(naturalWidth, naturalHeight) <= 64) dataset['tiny'] = 'true';
}

function hideBroken(event: SyntheticEvent<HTMLImageElement>): void {
  event.currentTarget.style.visibility = 'hidden';
}

export function DatasetCard({ dataset, canEdit }: { dataset: DatasetSummary; canEdit: boolean }) {
  const labeledShare = dataset.num_items === 0 ? 0 : dataset.num_labeled / dataset.num_items;
  const activeImport = useActiveImport(dataset.id);
  const used = dataset.classes.filter(({ count }) => count > 0);
  return (
    <article className={classes.holder}>
      <Link
        to="/data/$datasetId"
        params={{ datasetId: dataset.id }}
        className={classes.card}
        data-testid={TESTIDS.data.card}
      >
        <div className={classes.cover} aria-hidden>
          {dataset.cover_item_ids.length === 0 && (
            <span className={classes.empty}>{activeImport ? 'Bringing images in' : 'No images yet'}</span>
          )}
          {dataset.cover_item_ids.slice(0, 4).map((itemId) => (
            <img key={itemId} src={addressOf(`/api/items/${itemId}/thumbnail`)} alt="" loading="lazy" onLoad={keepPixels} onError={hideBroken} />
          ))}
        </div>
        <div className={classes.importing}>
          {activeImport && (
            <Progress value={(activeImport.progress ?? 0) * 100} size={3} radius={0} aria-label={`${dataset.name}: import`} />
          )}
        </div>
        <div className={classes.body}>
          <div className={classes.name}>{dataset.name}</div>
          <div className={classes.balance} aria-hidden>
            {used.map((each) => (
              <span key={each.id} style={{ flex: each.count, '--class-color': each.color }} />
            ))}
          </div>
          <div className={classes.facts}>
            <span>
              {plural(dataset.num_items, 'image')} · {plural(dataset.classes.length, 'class', 'classes')}
              {activeImport && ` · import ${formatPercent(activeImport.progress ?? 0, 0)}`}
              {!activeImport && labeledShare < 1 && dataset.num_items > 0 && ` · ${formatPercent(labeledShare, 0)} labeled`}
            </span>
            <span>{formatAgo(dataset.updated_at)}</span>
          </div>
        </div>
      </Link>
      {canEdit && (
        <div className={classes.menu}>
          <DatasetMenu dataset={dataset} />
        </div>
      )}
    </article>
  );
}
