import { Button, Group, NumberInput, SegmentedControl } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import { selectOnEntry } from '@/ui';
import { lookup } from '../document/records';
import type { Attribute } from '../document/operations';
import type { Node, ParamValue, Params } from '../document/types';
import { bringIntoView } from '../state/bringIntoView';
import { pathPrefixOf } from '../state/editorPlace';
import { exposedField } from '../state/exposed';
import { useDesigner, useDocument, useEditor, useScopeId } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import { BlockNameField } from './BlockNameField';
import { ParamField } from './ParamField';
import type { SharedValue } from './shared';
import classes from './Properties.module.css';

/** What belongs to the use of a block: repeats, weights, and the values it overrides. */
export function BlockFields({ nodeId, node }: { nodeId: string; node: Node }) {
  const designer = useDesigner();
  const { editor, catalog, panels } = designer;
  const canEdit = useEditor((state) => state.canEdit);
  const scope = useScopeId();
  const isExpanded = useEditor((state) => state.expanded.has(pathPrefixOf(state) + nodeId));
  const document = useDocument();
  const { blocks } = document.graph;
  const block = node.block === null ? undefined : lookup(blocks, node.block);
  if (block === undefined) return null;
  const set = (label: string, attribute: Attribute, value: string | number | Params): void => {
    editor.perform(
      `${label} of ${node.name}`,
      [{ op: 'set_attribute', scope, node_id: nodeId, attribute, value }],
      { mergeKey: `${nodeId}.${attribute}` },
    );
  };
  const override = (name: string, change: { value: ParamValue } | null): void => {
    const rest = Object.entries(node.overrides).filter(([key]) => key !== name);
    if (change !== null) rest.push([name, change.value]);
    set(name, 'overrides', Object.fromEntries(rest));
  };
  const unfold = (): void => {
    if (isExpanded) {
      editor.collapse(editor.pathOf(nodeId));
      return;
    }
    editor.expand(nodeId);
    bringIntoView(designer, [nodeId]);
  };
  return (
    <section className={classes.section}>
      <BlockNameField key={node.block} blockId={node.block ?? ''} block={block} />
      <Group gap={8} grow>
        <Button
          size="xs"
          variant="default"
          rightSection={<IconArrowRight size={14} />}
          onClick={() => editor.enter(nodeId)}
        >
          Open
        </Button>
        <Button
          size="xs"
          variant="default"
          aria-pressed={isExpanded}
          data-testid={DESIGNER_IDS.expand}
          onClick={unfold}
        >
          {isExpanded ? 'Collapse' : 'Expand in place'}
        </Button>
      </Group>
      <div className={classes.field}>
        <label className={classes.label} htmlFor="block-repeat">
          Repeat
        </label>
        <div className={classes.control}>
          <NumberInput
            id="block-repeat"
            data-testid={DESIGNER_IDS.repeat}
            size="xs"
            min={1}
            max={100_000}
            allowDecimal={false}
            value={node.repeat}
            disabled={!canEdit}
            {...selectOnEntry}
            onKeyDown={(event) => {
              if (event.key === 'Enter') panels.canvas?.focus();
            }}
            onChange={(value) => {
              if (typeof value === 'number' && value >= 1) set('Repeat', 'repeat', value);
            }}
          />
        </div>
      </div>
      {node.repeat > 1 && (
        <div className={classes.field}>
          <span className={classes.label}>Weights</span>
          <div className={classes.control}>
            <SegmentedControl
              fullWidth
              data={['separate', 'shared']}
              value={node.weights}
              disabled={!canEdit}
              onChange={(value) => set('Weights', 'weights', value)}
            />
          </div>
        </div>
      )}
      {Object.entries(block.exposed).map(([name, target]) => {
        const param = exposedField(document, catalog, block, target, name);
        if (param === null) return null;
        const own = lookup(node.overrides, name);
        const shared: SharedValue =
          own === undefined ? { kind: 'default' } : { kind: 'set', value: own };
        return (
          <ParamField
            key={name}
            param={param}
            shared={shared}
            isReadOnly={!canEdit}
            problem={null}
            onChange={(change) => override(name, change)}
          />
        );
      })}
    </section>
  );
}
