import { useMemo } from 'react';
import { formatBytes, formatCount } from '@/lib';
import { lookup } from '../document/records';
import {
  useAnalysis,
  useDesigner,
  useGraph,
  useScopeId,
} from '../state/DesignerContext';
import { flopsText, perSample } from '../analysis/costs';
import { countLayers } from '../analysis/countLayers';
import { ProblemLine } from '../analysis/ProblemLine';
import { BlockNameField } from './BlockNameField';
import { BlockUseFacts } from './BlockUseFacts';
import { BoundData } from './BoundData';
import { NetworkBudgets } from './BudgetMarks';
import { IdentifierField } from './IdentifierField';
import classes from './Properties.module.css';

const SHOWN_PROBLEMS = 6;

/** With nothing selected: the network as a whole, or the block that is open. */
export function NetworkSummaryPanel() {
  const analysis = useAnalysis((state) => state.analysis);
  const graph = useGraph();
  const { catalog } = useDesigner();
  const scopeId = useScopeId();
  const block = scopeId === null ? undefined : lookup(graph.blocks, scopeId);
  const totals = analysis?.totals;
  const numLayers = useMemo(() => countLayers(graph, catalog), [graph, catalog]);
  const problems = analysis?.diagnostics ?? [];
  return (
    <>
      <header className={classes.head}>
        <div className={classes.kind}>{block === undefined ? 'Network' : 'Inside a block'}</div>
        {block === undefined || scopeId === null ? (
          <ClassNameField name={graph.name} />
        ) : (
          <BlockNameField key={scopeId} blockId={scopeId} block={block} />
        )}
      </header>
      {block !== undefined && <BlockUseFacts block={block} />}
      {block === undefined && totals !== undefined && (
        <section className={classes.section}>
          <dl className={classes.facts}>
            <dt>layers</dt>
            <dd>{formatCount(numLayers)}</dd>
            <dt>parameters</dt>
            <dd>{formatCount(totals.parameters)}</dd>
            <dt>trainable</dt>
            <dd>{formatCount(totals.trainable_parameters)}</dd>
            <dt>weights</dt>
            <dd>{formatBytes(totals.parameter_bytes)}</dd>
            <dt>compute {perSample(totals)}</dt>
            <dd>{flopsText(totals.flops)}</dd>
            <dt>activations {perSample(totals)}</dt>
            <dd>{formatBytes(totals.activation_bytes)}</dd>
          </dl>
        </section>
      )}
      <NetworkBudgets />
      {problems.length > 0 && (
        <section className={classes.section} aria-label="Problems">
          <h3 className={classes.heading}>Problems</h3>
          {problems.slice(0, SHOWN_PROBLEMS).map((problem, index) => (
            <ProblemLine key={index} problem={problem} isLinked />
          ))}
        </section>
      )}
      <BoundData role="output" />
    </>
  );
}

/** The name of the class in the generated code. */
function ClassNameField({ name }: { name: string }) {
  const { editor } = useDesigner();
  return (
    <IdentifierField
      value={name}
      label="Class in the code"
      onRename={(text) =>
        editor.perform('Rename the class', [{ op: 'set_graph_name', name: text }])
      }
    />
  );
}
