import { Handle, Position } from '@xyflow/react';
import type { NodePorts } from '../document/ports';
import { portY } from './geometry';
import classes from './LayerCard.module.css';

interface PortsProps {
  ports: NodePorts;
  /** From the top of the card to the middle of its ports. */
  axis: number;
  /** Ports are placed from within the border, edges from the card's outer edge. */
  inset: number;
}

/** Where tensors enter on the left and leave on the right. */
export function Ports({ ports: { inputs, outputs }, axis, inset }: PortsProps) {
  return (
    <>
      {inputs.map((port, index) => (
        <Handle
          key={port}
          id={port}
          type="target"
          position={Position.Left}
          className={classes.port}
          style={{ top: portY(index, inputs.length, axis) - inset, left: -inset }}
          title={port}
        />
      ))}
      {outputs.map((port, index) => (
        <Handle
          key={port}
          id={port}
          type="source"
          position={Position.Right}
          className={classes.port}
          style={{ top: portY(index, outputs.length, axis) - inset, right: -inset }}
          title={port}
        />
      ))}
    </>
  );
}
