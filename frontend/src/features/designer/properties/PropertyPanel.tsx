import { Textarea, Switch } from '@mantine/core';
import { useState } from 'react';
import { lookup } from '../document/records';
import { withSharers } from '../document/sharing';
import type { Operation } from '../document/operations';
import { BLOCK } from '../document/types';
import { LayerIcon } from '../canvas/LayerIcon';
import { pathPrefixOf } from '../state/editorPlace';
import {
  useDesigner,
  useEditor,
  useScope,
  useScopeId,
} from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import { PreviewSection } from '../preview/PreviewSection';
import { BlockFields } from './BlockFields';
import { BoundData } from './BoundData';
import { BudgetMarks } from './BudgetMarks';
import { Connections } from './Connections';
import { ExposedFields } from './ExposedFields';
import { Inferred } from './Inferred';
import { NameField } from './NameField';
import { NetworkSummaryPanel } from './NetworkSummaryPanel';
import { NodeProblems } from './NodeProblems';
import { ParamsForm } from './ParamsForm';
import type { Chosen } from './shared';
import { useHasWeights } from './useHasWeights';
import { WeightsField } from './WeightsField';
import classes from './Properties.module.css';

/** The right side: what is selected, to read and to change. */
export function PropertyPanel() {
  const { panels } = useDesigner();
  const nodeIds = useEditor((state) => state.nodeIds);
  const canEdit = useEditor((state) => state.canEdit);
  const scope = useScope();
  const chosen = [...nodeIds].flatMap((id): Chosen[] => {
    const node = lookup(scope.nodes, id);
    return node === undefined ? [] : [{ id, node }];
  });
  const [first, ...more] = chosen;
  return (
    <aside
      className={classes.root}
      aria-label="Properties"
      data-readonly={!canEdit || undefined}
      data-testid={DESIGNER_IDS.properties}
      onKeyDown={(event) => {
        const { target } = event;
        const isChoosing =
          target instanceof Element && target.getAttribute('aria-expanded') === 'true';
        // Once the field has put its own text back, or leaving it would keep what was typed.
        if (event.key === 'Escape' && !isChoosing) {
          requestAnimationFrame(() => panels.canvas?.focus());
        }
      }}
    >
      {first === undefined ? (
        <NetworkSummaryPanel />
      ) : more.length === 0 ? (
        <OneNode key={first.id} chosen={first} />
      ) : (
        <SeveralNodes key={chosen.map(({ id }) => id).join()} chosen={chosen} />
      )}
    </aside>
  );
}

function OneNode({ chosen }: { chosen: Chosen }) {
  const { id, node } = chosen;
  const { catalog } = useDesigner();
  const prefix = useEditor(pathPrefixOf);
  const layer = catalog.byType.get(node.type);
  return (
    <>
      <header className={classes.head}>
        <div className={classes.kind}>
          <LayerIcon name={layer?.icon} size={16} />
          <span>{layer?.title ?? node.type}</span>
        </div>
        <NameField nodeId={id} node={node} />
        <p className={classes.summary}>
          {layer?.summary ?? 'This layer type is not installed. It is kept as it is.'}
        </p>
      </header>
      <NodeProblems nodeId={id} blockId={node.block} />
      <PreviewSection path={prefix + id} />
      {node.type === BLOCK && <BlockFields nodeId={id} node={node} />}
      <ParamsForm chosen={[chosen]} layer={layer} />
      <ExposedFields nodeId={id} node={node} />
      <BoundData role={layer?.role ?? 'layer'} />
      <Connections nodeId={id} node={node} />
      <Inferred path={prefix + id} />
      <BudgetMarks path={prefix + id} />
      <Attributes chosen={[chosen]} />
      {layer !== undefined && layer.docs !== '' && (
        <section className={classes.section}>
          <h3 className={classes.heading}>About</h3>
          <p className={classes.docs}>{layer.docs}</p>
        </section>
      )}
    </>
  );
}

function SeveralNodes({ chosen }: { chosen: readonly Chosen[] }) {
  const { catalog } = useDesigner();
  const types = new Set(chosen.map(({ node }) => node.type));
  const [type] = types;
  const layer = types.size === 1 && type !== undefined ? catalog.byType.get(type) : undefined;
  return (
    <>
      <header className={classes.head}>
        <div className={classes.kind}>
          {chosen.length} {layer === undefined ? 'layers' : `× ${layer.title}`}
        </div>
        <p className={classes.summary}>
          {layer === undefined
            ? 'Layers of different types: what they share can be changed together.'
            : 'A change applies to all of them.'}
        </p>
      </header>
      <ParamsForm chosen={chosen} layer={layer} />
      <Attributes chosen={chosen} />
    </>
  );
}

/** What every node has beside its parameters: whether it learns, and a note. */
function Attributes({ chosen }: { chosen: readonly Chosen[] }) {
  const { editor } = useDesigner();
  const scope = useScopeId();
  const { nodes } = useScope();
  const canEdit = useEditor((state) => state.canEdit);
  const [only, ...more] = chosen;
  const ids = chosen.map(({ id }) => id);
  const set = (
    attribute: 'is_frozen' | 'note',
    value: boolean | string,
    nodeIds: readonly string[] = ids,
  ): Operation[] =>
    nodeIds.map((id) => ({ op: 'set_attribute', scope, node_id: id, attribute, value }));
  const isFrozen = chosen.every(({ node }) => node.is_frozen);
  const hasWeights = useHasWeights(chosen);
  return (
    <section className={classes.section}>
      {only !== undefined && more.length === 0 && <WeightsField chosen={only} />}
      {hasWeights && (
        <Switch
          label="Freeze weights"
          description="They are used as they are and not trained."
          checked={isFrozen}
          disabled={!canEdit}
          onChange={(event) => {
            const value = event.currentTarget.checked;
            editor.perform(value ? 'Freeze weights' : 'Thaw weights', set('is_frozen', value, withSharers(nodes, ids)));
          }}
        />
      )}
      {only !== undefined && more.length === 0 && (
        <NoteField
          key={only.node.note}
          note={only.node.note}
          isReadOnly={!canEdit}
          onChange={(note) => editor.perform('Edit the note', set('note', note))}
        />
      )}
    </section>
  );
}

interface NoteFieldProps {
  note: string;
  isReadOnly: boolean;
  onChange: (note: string) => void;
}

function NoteField({ note, isReadOnly, onChange }: NoteFieldProps) {
  const [text, setText] = useState(note);
  return (
    <Textarea
      label="Note"
      size="xs"
      autosize
      minRows={1}
      maxRows={8}
      maxLength={4000}
      value={text}
      readOnly={isReadOnly}
      placeholder="Why is this layer here?"
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={() => {
        if (text !== note) onChange(text);
      }}
    />
  );
}
