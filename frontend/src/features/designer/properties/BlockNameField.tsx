import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { selectOnEntry } from '@/ui';
import { nameProblem } from '../document/names';
import type { BlockDefinition } from '../document/types';
import { useDesigner, useDocument, useEditor } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './Properties.module.css';

interface BlockNameFieldProps {
  blockId: string;
  block: BlockDefinition;
}

/** What all uses of a block share: its name, which is also its class in the code. */
export function BlockNameField({ blockId, block }: BlockNameFieldProps) {
  const { editor, panels } = useDesigner();
  const { blocks } = useDocument().graph;
  const canEdit = useEditor((state) => state.canEdit);
  const [text, setText] = useState(block.name);
  const [seen, setSeen] = useState(block.name);
  if (seen !== block.name) {
    setSeen(block.name);
    setText(block.name);
  }
  const others = Object.entries(blocks).filter(([id]) => id !== blockId);
  const isTaken = others.some(([, { name }]) => name === text);
  const problem = nameProblem(text) ?? (isTaken ? 'Another block has this name.' : null);
  const commit = (): void => {
    if (problem !== null) setText(block.name);
    else if (text !== block.name) {
      const { inputs, outputs, exposed } = block;
      editor.perform(`Rename block ${block.name} to ${text}`, [
        { op: 'set_block', block_id: blockId, name: text, inputs, outputs, exposed },
      ]);
    }
  };
  return (
    <TextInput
      size="xs"
      label="Block, and class in the code"
      value={text}
      error={problem}
      readOnly={!canEdit}
      spellCheck={false}
      autoComplete="off"
      classNames={{ input: classes.mono ?? '' }}
      data-testid={DESIGNER_IDS.blockName}
      onChange={(event) => setText(event.currentTarget.value)}
      {...selectOnEntry}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') {
          commit();
          panels.canvas?.focus();
        }
        if (event.key === 'Escape') setText(block.name);
      }}
    />
  );
}
