import { formatBytes, formatCount } from '@/lib';
import { lookup } from '../document/records';
import { holderOf, nodesBeside } from '../document/sharing';
import type { Document } from '../document/types';
import { valueText } from '../state/catalog';
import { useAnalysis, useEditor } from '../state/DesignerContext';
import { flopsText } from '../analysis/costs';
import classes from './Properties.module.css';

/** What nobody has to type: values from the connection, shapes and costs. */
export function Inferred({ path }: { path: string }) {
  const found = useAnalysis((state) => lookup(state.nodes, path));
  const owner = useEditor(({ document }) => ownerName(document, path));
  if (found === undefined) return null;
  const shapes = Object.entries(found.outputs);
  return (
    <section className={classes.section}>
      <h3 className={classes.heading}>Follows from the network</h3>
      <dl className={classes.facts}>
        {Object.entries(found.inferred).map(([name, value]) => (
          <Fact key={name} name={name.replaceAll('_', ' ')} value={valueText(value)} />
        ))}
        {shapes.map(([port, dims]) => (
          <Fact
            key={port}
            name={shapes.length === 1 ? 'output' : port}
            value={dims
              .map(({ axis, size }) => (axis === size ? axis : `${axis} ${size}`))
              .join(' × ')}
          />
        ))}
        <Fact
          name="parameters"
          value={owner === null ? formatCount(found.parameters) : `those of ${owner}`}
        />
        <Fact name="compute" value={flopsText(found.flops)} />
        <Fact name="activations" value={formatBytes(found.activation_bytes)} />
      </dl>
    </section>
  );
}

/** The layer whose weights are used and counted; null where they are the layer's own. */
function ownerName(document: Document, path: string): string | null {
  const nodes = nodesBeside(document, path);
  const nodeId = path.slice(path.lastIndexOf('/') + 1);
  const holder = holderOf(nodes, nodeId);
  return holder === nodeId ? null : (lookup(nodes, holder)?.name ?? null);
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
