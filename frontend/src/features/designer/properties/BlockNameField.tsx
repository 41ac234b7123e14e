import type { BlockDefinition } from '../document/types';
import { useDesigner, useGraph } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import { IdentifierField } from './IdentifierField';

interface BlockNameFieldProps {
  blockId: string;
  block: BlockDefinition;
}

/** What all uses of a block share: its name, which is also its class in the code. */
export function BlockNameField({ blockId, block }: BlockNameFieldProps) {
  const { editor } = useDesigner();
  const { blocks } = useGraph();
  const others = Object.entries(blocks).filter(([id]) => id !== blockId);
  const isTaken = (text: string): boolean => others.some(([, { name }]) => name === text);
  const { inputs, outputs, exposed } = block;
  return (
    <IdentifierField
      value={block.name}
      label="Block, and class in the code"
      takenBy={(text) => (isTaken(text) ? 'Another block has this name.' : null)}
      testId={DESIGNER_IDS.blockName}
      onRename={(name) =>
        editor.perform(`Rename block ${block.name} to ${name}`, [
          { op: 'set_block', block_id: blockId, name, inputs, outputs, exposed },
        ])
      }
    />
  );
}
