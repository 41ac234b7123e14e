import { Button, UnstyledButton } from '@mantine/core';
import { IconEyeSearch, IconFileImport } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { http, type ImportedPiece, type WeightSet } from '@/api';
import { weightSetsQuery } from '@/features/training';
import { formatBytes, plural } from '@/lib';
import { ButtonLink, ProblemNotice } from '@/ui';
import { useGoTo } from '../analysis/useGoTo';
import { lookup } from '../document/records';
import { findCommand } from '../state/commands';
import { useDesigner, useDocument, useEditor } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './Imports.module.css';
import { outcomeWords, summaryOf } from './words';

/**
 * How the network came in: what became of each layer of the file, and of its weights. Weights that
 * were loaded later have a part of their own, of the last time.
 */
export function ImportTab() {
  const { networkId } = useDesigner();
  const { data: weightSets, error } = useQuery(weightSetsQuery(networkId));
  const newest = weightSets?.[0];
  const first = weightSets?.at(-1);
  if (error) return <ProblemNotice error={error} />;
  if (weightSets === undefined) return null;
  if (newest === undefined || first === undefined) {
    return (
      <div className={classes.empty}>
        <p>This network was drawn here; no file was imported.</p>
        <LoadWeightsButton />
      </div>
    );
  }
  return (
    <>
      {newest.id !== first.id && (
        <Report key={newest.id} weightSetId={newest.id} isNewest testId={DESIGNER_IDS.loadedReport} />
      )}
      <Report
        key={first.id}
        weightSetId={first.id}
        isNewest={newest.id === first.id}
        testId={DESIGNER_IDS.importReport}
      />
    </>
  );
}

/** Weights of a file for the network that is open. */
function LoadWeightsButton() {
  const designer = useDesigner();
  const canEdit = useEditor((state) => state.canEdit);
  if (!canEdit) return null;
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<IconFileImport size={14} />}
      data-testid={DESIGNER_IDS.loadWeights}
      onClick={() => findCommand('load-weights')?.perform(designer)}
    >
      Load weights…
    </Button>
  );
}

interface ReportProps {
  weightSetId: string;
  /** Others begin with these weights; older ones are told as they came. */
  isNewest: boolean;
  testId: string;
}

function Report({ weightSetId, isNewest, testId }: ReportProps) {
  const { data, error } = useQuery({
    queryKey: ['weights', weightSetId],
    queryFn: ({ signal }) => http.get<WeightSet>(`/api/weights/${weightSetId}`, {}, signal),
    staleTime: Infinity,
  });
  if (error) return <ProblemNotice error={error} />;
  if (data === undefined) return null;
  const { report } = data;
  return (
    <div className={classes.report} data-testid={testId}>
      <div className={classes.facts}>
        <h3 className={classes.source}>{data.source}</h3>
        <p>
          {report.format}
          {report.producer && `, written by ${report.producer}`}.{' '}
          {summaryOf(report, data.num_tensors)}
        </p>
        <p>
          {data.num_tensors > 0
            ? `${plural(data.num_tensors, 'tensor')} of weights, ${formatBytes(data.size_bytes)}.${isNewest ? ' Training and the preview can start from them.' : ''}`
            : 'No weights: the network starts from random ones.'}
        </p>
        <Parity report={report} />
        {isNewest && (
          <div className={classes.next}>
            {data.num_tensors > 0 && (
              <ButtonLink to="/inspect" search={{ weights: data.id }} size="xs" variant="default" leftSection={<IconEyeSearch size={14} />}>
                Ask it about images
              </ButtonLink>
            )}
            <LoadWeightsButton />
          </div>
        )}
        {(report.notes ?? []).map((note) => (
          <p key={note} className={classes.note}>
            {note}
          </p>
        ))}
        <Weights title="Not used" names={report.unused_weights ?? []} num={report.num_unused_weights} />
        <Weights
          title="Missing, start at random"
          names={report.missing_weights ?? []}
          num={report.num_missing_weights}
        />
      </div>
      <ul className={classes.pieces}>
        {(report.pieces ?? []).map((piece, index) => (
          <Piece key={`${String(index)} ${piece.source}`} piece={piece} />
        ))}
      </ul>
    </div>
  );
}

function Parity({ report }: { report: WeightSet['report'] }) {
  const { parity } = report;
  if (parity == null) return null;
  return (
    <p className={classes.note}>
      Compared with {parity.oracle} on {parity.inputs} input: largest difference{' '}
      {parity.max_abs_diff.toExponential(1)}
      {parity.first_above == null ? '' : `, first above 1e-4 at ${parity.first_above}`}.
    </p>
  );
}

function Weights({ title, names, num }: { title: string; names: readonly string[]; num: number }) {
  if (num === 0) return null;
  return (
    <details className={classes.weights}>
      <summary>
        {title}: {plural(num, 'tensor')}
      </summary>
      <ul>
        {names.map((name) => (
          <li key={name} className="mono">
            {name}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** A row selects what was drawn for it. */
function Piece({ piece }: { piece: ImportedPiece }) {
  const goTo = useGoTo();
  const { graph } = useDocument();
  // What was folded is inside a block.
  const scopes = [graph.nodes, ...Object.values(graph.blocks).map(({ nodes }) => nodes)];
  const made = piece.nodes ?? [];
  const drawn = made.flatMap((id) => {
    const node = scopes.map((nodes) => lookup(nodes, id)).find((each) => each !== undefined);
    return node === undefined ? [] : [{ id, name: node.name, type: node.type }];
  });
  const [kind = '', ...name] = piece.source.split(' ');
  return (
    <li
      className={classes.piece}
      data-outcome={piece.outcome}
      data-testid={DESIGNER_IDS.importPiece}
    >
      <span className={classes.outcome}>{outcomeWords(piece.outcome)}</span>
      <span className={classes.from}>
        <b>{kind}</b> {name.join(' ')}
      </span>
      <span className={classes.to}>
        {drawn.map(({ id, name: nodeName, type }) => (
          <UnstyledButton key={id} className={classes.node} onClick={() => goTo({ nodeId: id })}>
            {nodeName} <small>{type}</small>
          </UnstyledButton>
        ))}
        {made.length > drawn.length && <small className={classes.gone}>deleted since</small>}
      </span>
      {piece.message && <span className={classes.message}>{piece.message}</span>}
    </li>
  );
}
