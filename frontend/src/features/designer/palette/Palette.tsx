import { ActionIcon, TextInput, Tooltip } from '@mantine/core';
import { IconLayoutSidebarLeftCollapse, IconSearch } from '@tabler/icons-react';
import { memo, useMemo, useState, type DragEvent } from 'react';
import { LayerIcon } from '../canvas/LayerIcon';
import { DRAG_TYPE } from '../canvas/useDropping';
import { bringIntoView } from '../state/bringIntoView';
import { useDesigner, useEditor, useScopeId } from '../state/DesignerContext';
import { insertables, wantedOf, type Insertable } from '../state/insertable';
import { addSensibly } from '../state/placement';
import { DESIGNER_IDS } from '../testids';
import classes from './Palette.module.css';

/** What stands in for the items of a family until they come into view. */
const ITEM_PX = 44;

/** Everything that can be inserted, by family. Drag it onto the canvas, or click. */
export const Palette = memo(function Palette() {
  const designer = useDesigner();
  const canEdit = useEditor((state) => state.canEdit);
  const scopeId = useScopeId();
  const blocks = useEditor((state) => state.document.graph.blocks);
  const [query, setQuery] = useState('');
  const groups = useMemo(
    () => byCategory(insertables(designer, query)),
    // Which blocks there are, and which fit here, follows from these.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [designer, query, scopeId, blocks],
  );
  const insert = (key: string): void => {
    const wanted = wantedOf(designer, key);
    if (wanted === null) return;
    addSensibly(designer, wanted);
    bringIntoView(designer, [...designer.editor.state.nodeIds]);
  };
  const [first] = groups;
  return (
    <aside className={classes.root} aria-label="Palette">
      <div className={classes.head}>
        <TextInput
          value={query}
          onChange={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={(event) => {
            const option = first?.[1][0];
            if (event.key === 'Enter' && option !== undefined) insert(option.key);
          }}
          placeholder="Search"
          aria-label="Search layers and blocks"
          size="xs"
          leftSection={<IconSearch size={14} />}
          data-testid={DESIGNER_IDS.paletteSearch}
        />
        <Tooltip label="Fold the palette">
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label="Fold the palette"
            onClick={() => designer.panels.set({ isPaletteOpen: false })}
          >
            <IconLayoutSidebarLeftCollapse size={16} />
          </ActionIcon>
        </Tooltip>
      </div>
      <div className={classes.list}>
        {groups.map(([category, options]) => (
          <section key={category} aria-label={category}>
            <h3 className={classes.category}>{category}</h3>
            <div
              className={classes.items}
              style={{ containIntrinsicHeight: options.length * ITEM_PX }}
            >
              {options.map((option) => (
                <PaletteItem
                  key={option.key}
                  option={option}
                  isDisabled={!canEdit}
                  onInsert={() => insert(option.key)}
                />
              ))}
            </div>
          </section>
        ))}
        {groups.length === 0 && <p className={classes.none}>Nothing matches “{query}”.</p>}
      </div>
    </aside>
  );
});

interface PaletteItemProps {
  option: Insertable;
  isDisabled: boolean;
  onInsert: () => void;
}

function PaletteItem({ option, isDisabled, onInsert }: PaletteItemProps) {
  const [isDragged, setDragged] = useState(false);
  const onDragStart = (event: DragEvent): void => {
    setDragged(true);
    event.dataTransfer.setData(DRAG_TYPE, option.key);
    event.dataTransfer.effectAllowed = 'copy';
  };
  return (
    <Tooltip label={option.summary} position="right" multiline maw={220} openDelay={300} disabled={isDragged}>
      <button
        type="button"
        className={classes.item}
        draggable={!isDisabled}
        disabled={isDisabled}
        onDragStart={onDragStart}
        onDragEnd={() => setDragged(false)}
        onClick={onInsert}
        style={{ '--hue': option.hue }}
        data-testid={DESIGNER_IDS.paletteItem(option.key.replace(/^\w+:/, ''))}
      >
        <span className={classes.icon}>
          <LayerIcon name={option.icon} size={15} />
        </span>
        <span className={classes.text}>
          <span className={classes.title}>{option.title}</span>
          <span className={classes.summary}>{option.summary}</span>
        </span>
      </button>
    </Tooltip>
  );
}

function byCategory(options: readonly Insertable[]): [string, Insertable[]][] {
  const groups = new Map<string, Insertable[]>();
  for (const option of options) {
    const list = groups.get(option.category);
    if (list === undefined) groups.set(option.category, [option]);
    else list.push(option);
  }
  return [...groups];
}
