import { useQuery } from '@tanstack/react-query';
import { useState, type KeyboardEvent } from 'react';
import { lookup } from '../document/records';
import { bringIntoView } from '../state/bringIntoView';
import { useDesigner, usePanels } from '../state/DesignerContext';
import { axesAt, fittingFirst, misfit } from '../state/fitting';
import {
  acceptedByKey,
  insertables,
  portsOfKey,
  templateOfKey,
  wantedOf,
  type Insertable,
} from '../state/insertable';
import { useNetworkMeta } from '../state/networkMeta';
import { templatesQuery } from '../networks/queries';
import { insertTemplate } from '../state/templates';
import type { InsertMenu as InsertMenuState } from '../state/panels';
import { addAt, addAtPort, addOnEdge, addSensibly } from '../state/placement';
import type { Designer } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import { CARD_HEIGHT } from './geometry';
import classes from './DesignerCanvas.module.css';
import { LayerIcon } from './LayerIcon';

/** Search-to-insert: type, choose, and the layer stands where it was meant. */
export function InsertMenu() {
  const menu = usePanels((state) => state.insertMenu);
  if (menu === null) return null;
  return <OpenMenu key={`${menu.at.x},${menu.at.y}`} menu={menu} />;
}

function OpenMenu({ menu }: { menu: InsertMenuState }) {
  const designer = useDesigner();
  const [query, setQuery] = useState('');
  const [index, setIndex] = useState(0);
  const { dataset_id: datasetId } = useNetworkMeta();
  const { data: templates } = useQuery(templatesQuery);
  const axes = arriving(designer, menu);
  const reasonOf = ({ key }: Insertable): string | null =>
    axes === null ? null : misfit(acceptedByKey(designer, key), axes);
  const options = fittingFirst(
    insertables(designer, query, templates).filter(({ key }) => isPossible(designer, menu, key)),
    reasonOf,
  );
  const chosen = options[Math.min(index, options.length - 1)];
  const close = (): void => {
    designer.panels.set({ insertMenu: null });
    designer.panels.canvas?.focus();
  };
  const choose = (key: string): void => {
    close();
    const template = templateOfKey(key);
    if (template !== null) {
      const { position, link } = menu;
      const source = link?.end ?? null;
      void insertTemplate(designer, template, datasetId, { position, source });
      return;
    }
    insert(designer, menu, key);
    bringIntoView(designer, [...designer.editor.state.nodeIds]);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === 'Escape') close();
    else if (event.key === 'ArrowDown') setIndex(Math.min(index + 1, options.length - 1));
    else if (event.key === 'ArrowUp') setIndex(Math.max(index - 1, 0));
    else if (event.key === 'Enter' && chosen !== undefined) choose(chosen.key);
    else return;
    event.preventDefault();
  };
  const middle = designer.panels.canvas?.middle() ?? { x: 400, y: 300 };
  return (
    <div
      className={classes.menu}
      style={{
        left: Math.max(8, Math.min(menu.at.x, 2 * middle.x - 308)),
        top: Math.max(8, Math.min(menu.at.y, 2 * middle.y - 348)),
      }}
      data-testid={DESIGNER_IDS.insertMenu}
      onBlur={(event) => {
        const isInside =
          event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget);
        if (!isInside) designer.panels.set({ insertMenu: null });
      }}
    >
      <input
        autoFocus
        className={classes.menuInput}
        placeholder={promptFor(designer, menu)}
        aria-label="Search layers, blocks and templates"
        role="combobox"
        aria-expanded
        aria-controls="insert-options"
        aria-activedescendant={chosen === undefined ? undefined : `insert-${chosen.key}`}
        data-testid={DESIGNER_IDS.insertInput}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setIndex(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul className={classes.options} id="insert-options" role="listbox" aria-label="Layers">
        {options.map((option) => {
          const isChosen = option === chosen;
          const reason = reasonOf(option);
          return (
            <li
              key={option.key}
              id={`insert-${option.key}`}
              ref={isChosen ? scrollTo : undefined}
              className={classes.option}
              role="option"
              aria-selected={isChosen}
              data-misfit={reason !== null || undefined}
              data-testid={DESIGNER_IDS.insertOption(option.key.replace(/^\w+:/, ''))}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => choose(option.key)}
            >
              <LayerIcon name={option.icon} size={16} className={classes.optionIcon} />
              <div style={{ minWidth: 0 }}>
                <div className={classes.optionTitle}>
                  {option.title}
                  {templateOfKey(option.key) !== null && (
                    <span className={classes.optionKind}>template</span>
                  )}
                </div>
                <div className={classes.optionText}>{reason ?? option.summary}</div>
              </div>
            </li>
          );
        })}
      </ul>
      {options.length === 0 && <div className={classes.none}>Nothing is called that.</div>}
    </div>
  );
}

function scrollTo(element: HTMLLIElement | null): void {
  element?.scrollIntoView({ block: 'nearest' });
}

function promptFor({ editor }: Designer, { link, edgeId }: InsertMenuState): string {
  if (edgeId !== null) return 'Insert on the connection…';
  if (link === null) {
    const [only, ...more] = editor.state.nodeIds;
    const selected = only === undefined || more.length > 0 ? undefined : lookup(editor.scope.nodes, only);
    return selected === undefined
      ? 'Insert a layer, block or template…'
      : `Insert after ${selected.name}…`;
  }
  return link.direction === 'after' ? 'What follows?' : 'What comes before?';
}

/** Only what can take, or give, what the connection was drawn for. */
function isPossible(designer: Designer, { edgeId, link }: InsertMenuState, key: string): boolean {
  // A template goes on from a port, or stands on its own.
  if (templateOfKey(key) !== null) return edgeId === null && link?.direction !== 'before';
  if (edgeId === null && link === null) return true;
  const { inputs, outputs } = portsOfKey(designer, key);
  if (edgeId !== null) return inputs.length > 0 && outputs.length > 0;
  return (link?.direction === 'after' ? inputs : outputs).length > 0;
}

/** The axes of what would arrive at what is inserted; null where nothing would, or is not known. */
function arriving(designer: Designer, { link, edgeId }: InsertMenuState): string | null {
  if (link !== null) return link.direction === 'after' ? axesAt(designer, link.end) : null;
  const edge = edgeId === null ? undefined : lookup(designer.editor.scope.edges, edgeId);
  return edge === undefined ? null : axesAt(designer, edge.source);
}

function insert(designer: Designer, menu: InsertMenuState, key: string): void {
  const wanted = wantedOf(designer, key);
  if (wanted === null) return;
  const { link, edgeId, position } = menu;
  if (link !== null) {
    const place = { x: position.x, y: position.y - CARD_HEIGHT / 2 };
    addAtPort(designer, wanted, link.end, link.direction, place);
  } else if (edgeId !== null) {
    addOnEdge(designer, wanted, edgeId);
  } else if (designer.editor.state.nodeIds.size === 1) {
    addSensibly(designer, wanted);
  } else {
    addAt(designer, wanted, position);
  }
}
