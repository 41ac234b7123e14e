import { formatBytes, formatCount } from '@/lib';
import { lookup } from '../document/records';
import { valueText } from '../state/catalog';
import { useAnalysis } from '../state/DesignerContext';
import { flopsText } from '../analysis/costs';
import classes from './Properties.module.css';

/** What nobody has to type: values from the connection, shapes and costs. */
export function Inferred({ path }: { path: string }) {
  const found = useAnalysis((state) => lookup(state.nodes, path));
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
        <Fact name="parameters" value={formatCount(found.parameters)} />
        <Fact name="compute" value={flopsText(found.flops)} />
        <Fact name="activations" value={formatBytes(found.activation_bytes)} />
      </dl>
    </section>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
