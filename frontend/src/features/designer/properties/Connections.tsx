import { Select } from '@mantine/core';
import { useState } from 'react';
import { sourceLabel, sourceOptions, type SourceOption } from '../connect/options';
import { portsIn } from '../document/ports';
import { lookup } from '../document/records';
import { edgesInto } from '../document/scope';
import type { Endpoint, Node } from '../document/types';
import { connectPorts, reconnectInput } from '../canvas/useConnecting';
import {
  portsOfDesigner,
  useDesigner,
  useDocument,
  useEditor,
  useScope,
  type Designer,
} from '../state/DesignerContext';
import classes from './Properties.module.css';

const NOTHING = '';
const SEPARATOR = ' · ';
/** Typing finds the others. */
const MOST_SHOWN = 200;

const valueOf = ({ node, port }: Endpoint): string => node + SEPARATOR + port;

/** What feeds an input now, as the list would have it. */
function currentSource(designer: Designer, source: Endpoint): SourceOption {
  const node = lookup(designer.editor.scope.nodes, source.node);
  if (node === undefined) return { source, label: '?' };
  const { outputs } = portsOfDesigner(designer)(node);
  return { source, label: sourceLabel(node.name, source.port, outputs.length) };
}

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
  const scope = useScope();
  const held = edgesInto(scope, nodeId).find(({ edge }) => edge.target.port === port);
  const current = held === undefined ? NOTHING : valueOf(held.edge.source);
  const [isOpen, setOpen] = useState(false);
  // There may be thousands: they are looked for while somebody wants to see them.
  const found = isOpen ? sourceOptions(scope, nodeId, portsOfDesigner(designer)) : [];
  const options = isOpen || held === undefined ? found : [currentSource(designer, held.edge.source)];
  const data = options.map(({ source, label }) => ({ value: valueOf(source), label }));
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
    const target = { node: nodeId, port };
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
          data={data}
          limit={MOST_SHOWN}
          onDropdownOpen={() => setOpen(true)}
          onDropdownClose={() => setOpen(false)}
          value={current === NOTHING ? null : current}
          disabled={!canEdit}
          onChange={choose}
        />
      </div>
    </div>
  );
}
