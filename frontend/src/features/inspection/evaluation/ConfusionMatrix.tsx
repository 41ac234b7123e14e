import { Button } from '@mantine/core';
import type { Evaluation } from '@/api';
import { TESTIDS, formatCount, formatPercent } from '@/lib';
import { Panel, downloadCsv } from '@/ui';
import type { Cell } from '../api';
import classes from './EvaluationTab.module.css';

interface ConfusionMatrixProps {
  evaluation: Evaluation;
  chosen: Cell | null;
  onChoose: (cell: Cell | null) => void;
}

/** Rows are what an image is, columns what the network says. A cell opens its images. */
export function ConfusionMatrix({ evaluation, chosen, onChoose }: ConfusionMatrixProps) {
  const { classes: names, confusion } = evaluation;
  const exportCsv = () =>
    downloadCsv('confusion matrix.csv', [
      ['is \\ predicted', ...names],
      ...confusion.map((row, truth) => [names[truth] ?? '', ...row]),
    ]);
  return (
    <Panel
      title="Confusion matrix"
      actions={
        <Button size="xs" variant="subtle" color="gray" onClick={exportCsv}>
          CSV
        </Button>
      }
    >
      <div className={classes.matrixScroll}>
        <table className={classes.matrix} data-testid={TESTIDS.inspect.confusion}>
          <caption className="visually-hidden">Rows are true classes, columns predicted classes</caption>
          <thead>
            <tr>
              <td className={classes.corner}>is ↓ predicted →</td>
              {names.map((name) => (
                <th key={name} scope="col">
                  <span>{name}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {confusion.map((row, truth) => (
              <MatrixRow key={names[truth]} row={row} truth={truth} names={names} chosen={chosen} onChoose={onChoose} />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

interface MatrixRowProps {
  row: readonly number[];
  truth: number;
  names: readonly string[];
  chosen: Cell | null;
  onChoose: (cell: Cell | null) => void;
}

function MatrixRow({ row, truth, names, chosen, onChoose }: MatrixRowProps) {
  const total = Math.max(1, row.reduce((sum, count) => sum + count, 0));
  const name = names[truth] ?? '';
  return (
    <tr>
      <th scope="row">{name}</th>
      {row.map((count, predicted) => {
        const isChosen = chosen?.truth === truth && chosen.predicted === predicted;
        const said = names[predicted] ?? '';
        return (
          <td key={said}>
            <button
              type="button"
              className={classes.cell}
              data-right={truth === predicted || undefined}
              aria-pressed={isChosen}
              disabled={count === 0}
              style={{ '--share': Math.sqrt(count / total) }}
              title={`${name} called ${said}: ${formatCount(count)} (${formatPercent(count / total)})`}
              aria-label={`${name} called ${said}: ${formatCount(count)}`}
              onClick={() => onChoose(isChosen ? null : { truth, predicted })}
              data-testid={TESTIDS.inspect.confusionCell}
              data-cell={`${String(truth)}-${String(predicted)}`}
            >
              {count === 0 ? '' : formatCount(count)}
            </button>
          </td>
        );
      })}
    </tr>
  );
}
