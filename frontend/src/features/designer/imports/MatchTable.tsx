import { useQuery } from '@tanstack/react-query';
import { Fragment } from 'react';
import { http, type MatchRow, type WeightMatching } from '@/api';
import { formatCount } from '@/lib';
import { ProblemNotice } from '@/ui';
import { DESIGNER_IDS } from '../testids';
import { targetBody, weightFileKey, type Target } from './weightFiles';
import { filledWords, howWords, nameParts, shapeText, type Images } from './weightWords';
import classes from './Weights.module.css';

const MOST_ROWS = 600;

interface MatchTableProps {
  weightFileId: string;
  target: Target;
  images: Images | null;
}

/** Which tensor of the file goes where in the network, and how that was found. */
export function MatchTable({ weightFileId, target, images }: MatchTableProps) {
  const { data, error } = useQuery({
    queryKey: [...weightFileKey(weightFileId), 'match', target, images],
    queryFn: ({ signal }) =>
      http.post<WeightMatching>(
        `/api/weight-files/${weightFileId}/match`,
        { ...targetBody(target), images },
        signal,
      ),
    placeholderData: (previous) => previous,
  });
  if (error) return <ProblemNotice error={error} />;
  if (data === undefined) return null;
  const rows = data.rows.slice(0, MOST_ROWS);
  return (
    <section className={classes.match}>
      <p className={classes.sum}>
        <b>{formatCount(data.num_matched)}</b> of {formatCount(data.num_places)} tensors of the
        network, {filledWords(data)} {(data.notes ?? []).join(' ')}
      </p>
      <div className={classes.scroll} tabIndex={0} role="region" aria-label="Which tensor goes where">
        <table className={classes.table}>
          <thead>
            <tr>
              <th>In the file</th>
              <th>Shape</th>
              <th>In the network</th>
              <th>Shape</th>
              <th>By</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={`${row.file_key} ${row.weight_key}`} row={row} />
            ))}
          </tbody>
        </table>
      </div>
      {data.rows.length > rows.length && (
        <p className={classes.sum}>And {formatCount(data.rows.length - rows.length)} more.</p>
      )}
    </section>
  );
}

/** A long name is broken where its parts end. */
function Name({ text }: { text: string }) {
  return nameParts(text).map((part, index) => (
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}

function Row({ row }: { row: MatchRow }) {
  const place = row.weight_key === '' ? '' : `${row.layer}.${row.tensor}`;
  return (
    <tr data-how={row.how} data-testid={DESIGNER_IDS.weightRow}>
      <td className="mono">{row.file_key === '' ? '–' : <Name text={row.file_key} />}</td>
      <td className={classes.shape}>{shapeText(row.file_shape)}</td>
      <td className="mono">{place === '' ? '–' : <Name text={place} />}</td>
      <td className={classes.shape}>{shapeText(row.shape)}</td>
      <td title={row.note}>
        {howWords(row.how)}
        {row.note !== '' && <span className={classes.note}> {row.note}</span>}
      </td>
    </tr>
  );
}
