import { formatBytes, formatCount } from '@/lib';
import { flopsText, perSample } from '../analysis/costs';
import { asUsed } from '../document/asUsed';
import { lookup } from '../document/records';
import type { BlockDefinition } from '../document/types';
import { useAnalysis, useDocument, useEditor } from '../state/DesignerContext';
import { pathPrefixOf } from '../state/editorPlace';
import { DESIGNER_IDS } from '../testids';
import classes from './Properties.module.css';

/** What the use of a block costs that was opened; its values are those that all within has. */
export function BlockUseFacts({ block }: { block: BlockDefinition }) {
  const path = useEditor(pathPrefixOf).slice(0, -1);
  const found = useAnalysis((state) => lookup(state.nodes, path));
  const totals = useAnalysis((state) => state.analysis?.totals);
  const instance = asUsed(useDocument(), path);
  if (instance === undefined) return null;
  const { inputs, outputs, nodes } = block;
  return (
    <section className={classes.section} data-testid={DESIGNER_IDS.blockUse}>
      <p className={classes.about}>
        Shapes, values and costs here are those of <b>{instance.name}</b>
        {instance.repeat > 1 && `, all ${instance.repeat} repeats together`}.
      </p>
      <dl className={classes.facts}>
        <dt>layers</dt>
        <dd>{formatCount(Object.keys(nodes).length - inputs.length - outputs.length)}</dd>
        {found !== undefined && totals !== undefined && (
          <>
            <dt>parameters</dt>
            <dd>{formatCount(found.parameters)}</dd>
            <dt>compute {perSample(totals)}</dt>
            <dd>{flopsText(found.flops)}</dd>
            <dt>activations {perSample(totals)}</dt>
            <dd>{formatBytes(found.activation_bytes)}</dd>
          </>
        )}
      </dl>
    </section>
  );
}
