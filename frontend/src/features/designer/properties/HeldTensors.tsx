import { Anchor } from '@mantine/core';
import { valueText, paramValue } from '../state/catalog';
import { portsIn } from '../document/ports';
import { lookup } from '../document/records';
import { edgesInto } from '../document/scope';
import { useDesigner, useDocument, useScope } from '../state/DesignerContext';
import classes from './Properties.module.css';

/** What a layer that holds a tensor is called as a value. */
const HOLDERS: Readonly<Record<string, string>> = { Constant: 'constant', Parameter: 'learned' };

/** Operands that the network holds itself: `mask` is `constant 3 × 4`, with the way there. */
export function HeldTensors({ nodeId }: { nodeId: string }) {
  const { catalog, editor } = useDesigner();
  const document = useDocument();
  const scope = useScope();
  const node = lookup(scope.nodes, nodeId);
  if (node === undefined) return null;
  const arriving = edgesInto(scope, nodeId);
  return portsIn(document, catalog.layerPorts)(node).inputs.map((port) => {
    const sourceId = arriving.find(({ edge }) => edge.target.port === port)?.edge.source.node;
    const source = sourceId === undefined ? undefined : lookup(scope.nodes, sourceId);
    const word = source && lookup(HOLDERS, source.type);
    const layer = source && catalog.byType.get(source.type);
    if (sourceId === undefined || word === undefined || source === undefined || !layer) return null;
    return (
      <div key={port} className={classes.field}>
        <span className={classes.label}>{port.replaceAll('_', ' ')}</span>
        <Anchor
          component="button"
          size="xs"
          ta="left"
          title={source.name}
          onClick={() => editor.select([sourceId])}
        >
          {word} {shapeText(paramValue(layer, source, 'shape'))}
        </Anchor>
      </div>
    );
  });
}

const shapeText = (shape: ReturnType<typeof paramValue>): string =>
  Array.isArray(shape) ? shape.map(String).join(' × ') : valueText(shape);
