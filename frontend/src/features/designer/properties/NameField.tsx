import { TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { selectOnEntry } from '@/ui';
import { nameProblem, namesOf } from '../document/names';
import { renameNode } from '../document/rename';
import type { Node } from '../document/types';
import { useDesigner, useEditor, usePanels, useScope } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './Properties.module.css';

/** The node's name: a Python identifier, unique in its scope, checked while typing. */
export function NameField({ nodeId, node }: { nodeId: string; node: Node }) {
  const { editor, panels } = useDesigner();
  const canEdit = useEditor((state) => state.canEdit);
  const scope = useScope();
  const focusName = usePanels((state) => state.focusName);
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(node.name);
  const [seen, setSeen] = useState(node.name);
  if (seen !== node.name) {
    setSeen(node.name);
    setText(node.name);
  }
  const asked = useRef(focusName);
  useEffect(() => {
    if (asked.current === focusName) return;
    asked.current = focusName;
    input.current?.focus();
    input.current?.select();
  }, [focusName]);

  const taken = text !== node.name && namesOf(scope.nodes).has(text);
  const problem = nameProblem(text) ?? (taken ? 'Another layer has this name.' : null);
  const commit = (): void => {
    if (text === node.name) return;
    if (problem !== null) {
      setText(node.name);
      return;
    }
    const operations = renameNode(editor.state.document, editor.scopeId, nodeId, text);
    editor.perform(`Rename ${node.name} to ${text}`, operations);
  };
  return (
    <TextInput
      ref={input}
      aria-label="Name"
      size="xs"
      value={text}
      error={problem}
      readOnly={!canEdit}
      spellCheck={false}
      autoComplete="off"
      classNames={{ input: classes.mono ?? '' }}
      data-testid={DESIGNER_IDS.nodeName}
      onChange={(event) => setText(event.currentTarget.value)}
      {...selectOnEntry}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') {
          commit();
          panels.canvas?.focus();
        }
        if (event.key === 'Escape') setText(node.name);
      }}
    />
  );
}
