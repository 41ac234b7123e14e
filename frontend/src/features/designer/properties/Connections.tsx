import { Select } from '@mantine/core';
import { connectionProblem } from '../document/connect';
import { applyOperations } from '../document/apply';
import { portsIn } from '../document/ports';
import { lookup } from '../document/records';
import { edgesInto } from '../document/scope';
import type { Document, Node } from '../document/types';
import { connectPorts, reconnectInput } from '../canvas/useConnecting';
import {
  portsOfDesigner,
  useDesigner,
  useDocument,
  useEditor,
  useScope,
} from '../state/DesignerContext';
import classes from './Properties.module.css';

const NOTHING = '';
const SEPARATOR = ' · ';

/** What feeds each input, chosen from what may: the way to connect without a mouse. */
export function Connections({ nodeId, node }: { nodeId: string; node: Node }) {
  const { catalog } = useDesigner();
  const document = useDocument();
  const { inputs } = portsIn(document, catalog.layerPorts)(node);
  if (inputs.length === 0) return null;
  return (
    <section className={classes.section}>
      <h3 className={classes.heading}>{inputs.length === 1 ? 'Input' : 'Inputs'}</h3>
      {inputs.map((port) => (
        <InputField key={port} nodeId={nodeId} port={port} isOnly={inputs.length === 1} />
      ))}
    </section>
  );
}

function InputField({ nodeId, port, isOnly }: { nodeId: string; port: string; isOnly: boolean }) {
  const designer = useDesigner();
  const { editor } = designer;
  const canEdit = useEditor((state) => state.canEdit);
  const document = useDocument();
  const scope = useScope();
  const held = edgesInto(scope, nodeId).find(({ edge }) => edge.target.port === port);
  const current =
    held === undefined ? NOTHING : held.edge.source.node + SEPARATOR + held.edge.source.port;
  const portsOf = portsOfDesigner(designer);
  const free: Document =
    held === undefined
      ? document
      : applyOperations(document, [{ op: 'remove_edge', scope: editor.scopeId, edge_id: held.id }])
          .document;
  const target = { node: nodeId, port };
  const options = Object.entries(scope.nodes).flatMap(([id, node]) => {
    const { outputs } = portsOf(node);
    return outputs.flatMap((output) => {
      const source = { node: id, port: output };
      if (connectionProblem(free, editor.scopeId, source, target, portsOf) !== null) return [];
      const label = outputs.length === 1 ? node.name : `${node.name}, ${output}`;
      return [{ value: id + SEPARATOR + output, label }];
    });
  });
  const choose = (value: string | null): void => {
    if (value === current) return;
    const [sourceNode, sourcePort] = (value ?? NOTHING).split(SEPARATOR);
    if (sourceNode === undefined || sourcePort === undefined) {
      const name = lookup(scope.nodes, nodeId)?.name ?? 'layer';
      if (held === undefined) return;
      const removal = { op: 'remove_edge', scope: editor.scopeId, edge_id: held.id } as const;
      editor.perform(`Disconnect ${name}`, [removal]);
      return;
    }
    const ends = { source: { node: sourceNode, port: sourcePort }, target };
    if (held === undefined) connectPorts(designer, ends);
    else reconnectInput(designer, held.id, ends);
  };
  return (
    <div className={classes.field}>
      <span className={classes.label}>{isOnly ? 'From' : port}</span>
      <div className={classes.control}>
        <Select
          aria-label={`What feeds ${port}`}
          size="xs"
          searchable
          clearable
          placeholder="not connected"
          data={options}
          value={current === NOTHING ? null : current}
          disabled={!canEdit}
          onChange={choose}
        />
      </div>
    </div>
  );
}
